#!/usr/bin/env python3
"""Writes the tables of results.py into a document, between `<!-- oracle: NAME -->` and `<!-- / -->`, so that no number is typed. Needs only
the standard library.

Usage: document.py OUT docs/oracle.md
"""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

from blocks import rows, table, unique, write  # noqa: E402

NETWORKS = {"testbed": "ResNet-8", "testbed-vit": "ViT"}
TRUTHS = {"roc-auc": "ROC-AUC", "relevance-rank": "top-k by the mask", "relevance-mass": "relevance mass"}
KINDS = ["inverted", "shifted", "other", "blurred", "random"]
ALPHA = 0.05


def percent(row, name):
    low, high = (100 * float(row[f"{name}_{end}"]) for end in ("low", "high"))
    return f"{100 * float(row[name]):.1f} ({low:.1f} to {high:.1f})"


def signed(row, name):
    low, high = (float(row[f"{name}_{end}"]) for end in ("low", "high"))
    return f"{float(row[name]):+.2f} ({low:+.2f} to {high:+.2f})"


def uses(found):
    for row in found["uses"]:
        yield [NETWORKS[row["network"]], row["images"], row["n"],
               *(percent(row, name) for name in ("accuracy", "kept", "probability"))]


def uses_table(found):
    head = ["network", "images", "n", "label predicted, %", "class of the clean image predicted, %", "mean probability of the label, %"]
    return table(head, uses(found), 2)


def is_wrong(method):
    return "!" in method or "+smooth:" in method


def truth_table(found, network, wrong):
    """The methods, the best by ROC-AUC first; wrong maps below the map that they were made of."""
    of_network = [row for row in found["truth"] if row["network"] == network]
    at = {(row["truth"], row["method"]): row for row in of_network}
    first = next(iter(TRUTHS))
    chosen = [method for method in unique(row["method"] for row in of_network) if is_wrong(method) == wrong]
    chosen.sort(key=lambda method: -float(at[first, method]["mean"]))
    cell = lambda row: "{mean:.3f} ({mean_low:.3f} to {mean_high:.3f})".format(
        **{name: float(row[name]) for name in ("mean", "mean_low", "mean_high")})
    body = [[f"`{method}`", at[first, method]["n"], *(cell(at[measure, method]) for measure in TRUTHS)] for method in chosen]
    return table(["maps", "n", *TRUTHS.values()], body)


def order_table(found, network):
    """The metrics, the one nearest to the truth first."""
    of_network = [row for row in found["agreement"] if row["network"] == network]
    at = {(row["metric"], row["truth"]): row for row in of_network}
    metrics = [metric for metric in unique(row["metric"] for row in of_network) if metric not in TRUTHS]
    metrics.sort(key=lambda metric: -float(at[metric, "roc-auc"]["kendall"]))
    body = []
    for metric in [*TRUTHS, *metrics]:
        main = at[metric, "roc-auc"]
        body.append([f"`{metric}`", main["n"], *(signed(at[metric, truth], "kendall") for truth in TRUTHS),
                     signed(main, "spearman"), f"{signed(main, 'image_kendall')}, n {main['images']}"])
    head = ["metric", "n", *(f"tau with {name}" for name in TRUTHS.values()), "Spearman with ROC-AUC", "tau with ROC-AUC on each image, mean"]
    return table(head, body)


def preference_table(found, network, method):
    of_method = [row for row in found["preference"] if (row["network"], row["method"]) == (network, method)]
    at = {(row["metric"], row["wrong"]): row for row in of_method}
    body = [[f"`{metric}`", *(preferred(at.get((metric, kind))) for kind in KINDS)] for metric in unique(row["metric"] for row in of_method)]
    return table(["metric", *KINDS], body)


def preferred(row):
    """The share of images on which the wrong map is better; bold unless the right one wins."""
    if row is None:
        return ""
    low, high = (f"{100 * float(row[f'better_{end}']):.0f}" for end in ("low", "high"))
    text = f"{100 * float(row['better']):.0f} ({low} to {high})"
    if float(row["equal"]):
        text += f", = {100 * float(row['equal']):.0f}"
    return text if verdict(row) > 0 else f"**{text}**"


def verdict(row):
    """1 if the right map wins on more images than the wrong one, -1 if the wrong one does, 0 if this is undecided."""
    better, equal = float(row["better"]), float(row["equal"])
    if float(row["p_holm"]) >= ALPHA:
        return 0
    return 1 if better < 1 - better - equal else -1


def summary(found):
    """Of each metric: its taus with the truths on both networks, and what it says of the wrong maps; those that are blurred still point at the
    object, and count for themselves."""
    for metric in unique(row["metric"] for row in found["preference"]):
        taus = [row for row in found["agreement"] if row["metric"] == metric]
        cells = [row for row in found["preference"] if row["metric"] == metric]
        wrong = [row for row in cells if row["wrong"] != "blurred"]
        blurred = [row for row in cells if row["wrong"] == "blurred"]
        yield {"metric": metric, "taus": taus, "wrong": wrong, "blurred": blurred,
               "above": sum(float(row["kendall_low"]) > 0 for row in taus),
               "below": sum(float(row["kendall_high"]) < 0 for row in taus),
               "lowest": min(taus, key=lambda row: float(row["kendall"])),
               "refused": sum(verdict(row) > 0 for row in wrong),
               "preferred": sum(verdict(row) < 0 for row in wrong),
               "sharp": sum(verdict(row) > 0 for row in blurred),
               "soft": sum(verdict(row) < 0 for row in blurred),
               "worst": max(wrong, key=lambda row: float(row["better"]))}


def judged(found):
    """The metrics that are no truth, the most trustworthy first."""
    metrics = [row for row in summary(found) if row["metric"] not in TRUTHS]
    return sorted(metrics, key=lambda row: (-row["above"], row["below"], -row["refused"], row["preferred"],
                                            -float(row["lowest"]["kendall"])))


def summary_table(found):
    body = []
    for row in judged(found):
        lowest, worst = row["lowest"], row["worst"]
        body.append([
            f"`{row['metric']}`", f"{row['above']}, {row['below']}",
            f"{signed(lowest, 'kendall')}, {TRUTHS[lowest['truth']]}, {NETWORKS[lowest['network']]}",
            f"{row['refused']}, {row['preferred']}",
            f"{percent(worst, 'better')}, `{worst['method']}` {worst['wrong']}, {NETWORKS[worst['network']]}",
            f"{row['sharp']}, {row['soft']}"])
    first = judged(found)[0]
    head = ["metric", f"of {len(first['taus'])} taus above, below 0", "lowest tau",
            f"of {len(first['wrong'])} wrong maps refused, preferred", "wrong map most often better, % of images",
            f"of {len(first['blurred'])} blurred refused, preferred"]
    return table(head, body)


def verdict_lists(found):
    metrics = judged(found)
    names = lambda chosen: ", ".join(f"`{row['metric']}`" for row in chosen) or "none"
    orders = [row for row in metrics if row["above"] == len(row["taus"])]
    refuses = [row for row in metrics if row["refused"] == len(row["wrong"])]
    both = [row for row in orders if row in refuses]
    lists = [
        ("Order the methods as all truths do on both networks, and refuse all wrong maps", both),
        ("Order the methods so, and do not refuse all wrong maps", [row for row in orders if row not in both]),
        ("Refuse all wrong maps, and do not order the methods so", [row for row in refuses if row not in both]),
        ("Prefer at least one of the wrong maps to the map that it was made of", [row for row in metrics if row["preferred"]]),
        ("Order the methods against at least one truth on a network", [row for row in metrics if row["below"]]),
        ("Refuse less than half of the wrong maps", [row for row in metrics if 2 * row["refused"] < len(row["wrong"])]),
    ]
    return "\n".join(f"- {what} ({len(chosen)} of {len(metrics)}): {names(chosen)}." for what, chosen in lists)


def blocks(found):
    yield "uses", uses_table(found)
    yield "summary", summary_table(found)
    yield "verdict", verdict_lists(found)
    for network in NETWORKS:
        yield f"truth {network}", truth_table(found, network, False)
        yield f"wrong {network}", truth_table(found, network, True)
        yield f"order {network}", order_table(found, network)
        methods = unique(row["method"] for row in found["preference"] if row["network"] == network)
        text = [f"#### `{method}` and its wrong maps\n\n{preference_table(found, network, method)}" for method in methods]
        yield f"preference {network}", "\n\n".join(text)


def main(out, document):
    out = pathlib.Path(out)
    found = {name: rows(out / f"{name}.csv") for name in ("uses", "truth", "agreement", "preference")}
    write(document, "oracle", blocks(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
