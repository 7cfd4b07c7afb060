#!/usr/bin/env python3
"""The tables of metrics.sh as Markdown: eight metrics beside BEE's, the other tests with their distance from random maps, and how
often random maps change the prediction. Needs only the standard library.

Usage: metrics_report.py FOLDER PAPER_TABLES.csv
"""
import pathlib
import sys

from blocks import rows

EIGHT = ["neg", "pos", "ins", "del", "adp", "pic", "sic", "aic"]
# BEE's names of methods, and ours.
PAPER = {"GC": "gradcam", "GC++": "gradcam++", "LIFT": "lift-cam", "AC": "ablation-cam", "IG": "integrated-gradients",
         "GIG": "guided-ig", "BIG": "blur-ig", "FG": "fullgrad", "LC": "layercam", "IIA": "iia", "GAE": "gae",
         "T-Attr": "t-attr"}
RUNS = {"mobilenet": ("MobileNetV2", "BEE Table 1"), "testbed-vit": ("The embedded ViT", "BEE Table 2")}


def table(head, body):
    line = lambda row: "| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |"
    print("\n".join([line(head), "|---" * len(head) + "|", *map(line, body)]), end="\n\n")


def means(path):
    """The mean of each metric and method, and which way the metric points."""
    found = list(rows(path))
    mean = {(row["metric"], row["method"]): float(row["mean"]) for row in found}
    return mean, {row["metric"]: row["direction"] for row in found}, list(dict.fromkeys(row["method"] for row in found))


def scaled(metric, value):
    """In per cent, as the papers print it."""
    return 100 * value if metric in ("sic", "aic") else value


def ranks(values):
    """From 1, equal values share the mean of their places."""
    return [(sum(other < value for other in values) + sum(other <= value for other in values) + 1) / 2 for value in values]


def spearman(a, b):
    a, b = ranks(a), ranks(b)
    mean = sum(a) / len(a)
    top = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    norm = (sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b)) ** 0.5
    return top / norm if norm else float("nan")


def eight(folder, run, paper):
    title, name = RUNS[run]
    published = {(row["row"], row["column"].lower()): float(row["value"]) for row in rows(paper) if row["table"] == name}
    for target in ("label", "predicted"):
        mean, _, methods = means(folder / f"{run}-{target}.csv")
        print(f"### {title}, the {target if target == 'label' else 'predicted class'}\n")
        cell = lambda metric, method: f"{scaled(metric, mean[metric, method]):.2f}" if (metric, method) in mean else None
        table(["method", *(metric.upper() for metric in EIGHT)],
              [[method, *(cell(metric, method) for metric in EIGHT)] for method in methods])
        common = [theirs for theirs, ours in PAPER.items() if ours in methods and (theirs, "neg") in published]
        order = lambda metric: spearman([mean[metric, PAPER[method]] for method in common],
                                        [published[method, metric] for method in common])
        print(f"Order of the {len(common)} methods of {name} ({', '.join(common)}) by each metric, Spearman against ours:\n")
        table([metric.upper() for metric in EIGHT], [[f"{order(metric):+.2f}" for metric in EIGHT]])


def others(folder):
    mean, direction, methods = means(folder / "mobilenet-label.csv")
    separation = {row["metric"]: row for row in rows(folder / "mobilenet-label/separation.csv")}
    metrics = [metric for metric in direction if metric not in EIGHT]
    print("### MobileNetV2, the other tests: mean over images, and rand_dist\n")
    head = ["metric", "better", "rand_dist", *methods]
    body = [[metric, direction[metric], f"{float(separation[metric]['rand_dist']):.3f}" if metric in separation else None,
             *(f"{mean[metric, method]:.3f}" if (metric, method) in mean else None for method in methods)] for metric in metrics]
    table(head, body)


def changed(folder):
    """The share of predictions that random maps change, by what they replace and how much."""
    curves = {}
    for row in rows(folder / "mobilenet-label/curves.csv"):
        if row["method"].split(":")[0] == "random" and row["test"].split(":")[0] == "classic" and "lerf" not in row["test"]:
            curves.setdefault((row["test"], row["image"]), []).append((float(row["fraction"]), row["predicted"]))
    shares = {}
    for (test, _), points in curves.items():
        for fraction, predicted in points:
            shares.setdefault((test, fraction), []).append(predicted != points[0][1])
    tests, fractions = sorted({test for test, _ in shares}), sorted({fraction for _, fraction in shares})
    print("### Predictions that random maps change, per cent of the images\n")
    table(["test", *(f"{100 * fraction:.0f} %" for fraction in fractions)],
          [[test, *(f"{100 * sum(shares[test, f]) / len(shares[test, f]):.0f}" for f in fractions)] for test in tests])


def main(folder, paper):
    folder, paper = pathlib.Path(folder), pathlib.Path(paper)
    for run in RUNS:
        eight(folder, run, paper)
    others(folder)
    changed(folder)


main(*sys.argv[1:])
