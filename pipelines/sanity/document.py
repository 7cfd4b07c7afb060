#!/usr/bin/env python3
"""Writes the tables of results.py into a document, between `<!-- sanity: NAME -->` and `<!-- / -->`, so that no number is typed. A study that has not
been made leaves its block as it is. Needs only the standard library.

Usage: document.py OUT docs/sanity.md
"""

import pathlib
import re
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

from blocks import rows, table, unique, write  # noqa: E402

CORRELATIONS = ["spearman", "spearman-abs"]
# Of layers that are drawn one stage alone the correlations only.
METRICS = {"cascading": [*CORRELATIONS, "ssim:scale=max,sign=absolute", "complexity-rise"], "independent": CORRELATIONS,
           "permuted": [*CORRELATIONS, "ssim:scale=max,sign=absolute"]}


def interval(row):
    text = "{:.2f} ({:.2f} to {:.2f})".format(*(float(row[name]) for name in ("mean", "mean_low", "mean_high")))
    return text if row.get("undefined", "0") == "0" else f"{text}, n {row['n']}"


def by_depth(found, depths, cell):
    """A line for each method, the one that changes most first; a column for each depth."""
    at = {(row["method"], row["depth"]): row for row in found}
    last = lambda method: float(at[method, depths[-1]]["mean"]) if (method, depths[-1]) in at else float("nan")
    methods = sorted(unique(row["method"] for row in found), key=last)
    text = lambda key: cell(at[key]) if key in at else "-"
    return table(["maps", *depths], [[f"`{method}`", *(text((method, depth)) for depth in depths)] for method in methods])


def order(depth):
    """From the output to the input."""
    if depth.isdigit():
        return (1, int(depth), "")
    level = re.search(r"\d+", depth)
    return (0, {"head": -1000, "linear": -1000, "all": 1000, "conv1": 1000}.get(depth, -int(level[0]) if level else 0), depth)


def boxed(row):
    cells = [f"{float(row[name]):.2f}" for name in ("whisker_low", "quartile_low", "median", "quartile_high", "whisker_high")]
    return "{} [{} **{}** {}] {}".format(*cells) + (f", {row['outside']} beyond" if row["outside"] != "0" else "")


def blocks(out):
    means, boxes, claims = (rows(out / f"{name}.csv") for name in ("steps", "boxes", "claims"))
    for network in unique(row["network"] for row in means):
        chosen = lambda table, kind, metric, single: [
            row for row in table if (row["network"], row["kind"], row["metric"]) == (network, kind, metric) and row["depth"].isdigit() == single]
        for kind in unique(row["kind"] for row in means if row["network"] == network):
            for metric in METRICS[kind]:
                found = chosen(means, kind, metric, False)
                if found:
                    depths = sorted(unique(row["depth"] for row in found), key=order)
                    yield f"{network} {kind} {metric}", by_depth(found, depths, interval)
            for metric in CORRELATIONS:
                found = chosen(means, kind, metric, True)
                if found:
                    depths = sorted(unique(row["depth"] for row in found), key=order)
                    yield f"{network} {kind} layers {metric}", by_depth(found, depths, lambda row: f"{float(row['mean']):.2f}")
                found = chosen(boxes, kind, metric, False)
                if found and kind != "independent":
                    depths = sorted(unique(row["depth"] for row in found), key=order)
                    last = [row | {"mean": row["median"]} for row in found if row["depth"] == depths[-1]]
                    yield f"{network} {kind} box {metric}", by_depth(last, depths[-1:], boxed)
    body = [[row["network"], row["claim"], row["limit"], row["n"], interval(row), row["verdict"]] for row in claims]
    yield "claims", table(["network", "claim of Adebayo et al.", "limit", "n", "mean", "here"], body, 2)


def main(out, document):
    write(document, "sanity", blocks(pathlib.Path(out)))


if __name__ == "__main__":
    main(*sys.argv[1:])
