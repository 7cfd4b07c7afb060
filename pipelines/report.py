#!/usr/bin/env python3
"""The tables of a study as Markdown: ranking, agreement of metrics, seconds. Needs only the standard library.

Usage: report.py FOLDER [PAPER_TABLES.csv]     with the paper's tables, its correlations stand beside ours
"""
import pathlib
import re
import sys

from blocks import rows

ARROW = {"higher": "↑", "lower": "↓"}


def table(head, body):
    cells = [head] + [["" if cell is None else str(cell) for cell in row] for row in body]
    width = [max(len(row[i]) for row in cells) for i in range(len(head))]
    line = lambda row: "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, width)) + " |"
    return "\n".join([line(cells[0]), "|" + "|".join("-" * (w + 2) for w in width) + "|", *map(line, cells[1:])])


def ranking(folder):
    places = rows(folder / "rank.csv")
    metrics = list(dict.fromkeys(row["metric"] for row in places))
    methods = list(dict.fromkeys(row["method"] for row in places))
    at = {(row["metric"], row["method"]): row for row in places}
    mean_rank = {m: sum(float(at[k, m]["rank"]) for k in metrics) / len(metrics) for m in methods}
    methods.sort(key=mean_rank.get)
    body = []
    for metric in metrics:
        direction = ARROW[at[metric, methods[0]]["direction"]]
        cell = lambda row: f"{float(row['mean']):.3g} ({float(row['rank']):g})"
        body.append([f"{metric} {direction}", *(cell(at[metric, m]) for m in methods)])
    body.append(["mean rank", *(f"{mean_rank[m]:.2f}" for m in methods)])
    return table(["metric", *methods], body)


def agreement(folder):
    means = [row for row in rows(folder / "correlate.csv") if row["method"] == "mean" and row["model"] != "mean"]
    metrics = list(dict.fromkeys(name for row in means for name in (row["metric_a"], row["metric_b"])))
    value = {frozenset((row["metric_a"], row["metric_b"])): float(row["correlation"]) for row in means}
    short = [str(i + 1) for i in range(len(metrics))]
    body = []
    for i, a in enumerate(metrics):
        cells = [f"{value[frozenset((a, b))]:+.2f}" if a != b and frozenset((a, b)) in value else "" for b in metrics]
        body.append([f"{i + 1} {a}", *cells])
    return table(["mean over methods", *short], body)


# The paper's name of a method, and ours without parameters and steps on maps.
METHODS = {"Grad-CAM": "gradcam", "IG": "integrated-gradients", "Occlusion": "occlusion", "RISE": "rise",
           "SMOOTHGRAD": "smoothgrad"}
# The paper's pair of metrics, and ours by how their specs start.
PAIRS = {"insertion & deletion": ("insertion:fill=zero", "deletion:fill=zero"),
         "insertion & avg. drop": ("insertion:fill=zero", "adp:fill=zero"),
         "deletion & avg. drop": ("deletion:fill=zero", "adp:fill=zero")}
BINARISED = {"Coherency Table A3 (a: insertion vs drop)": "insertion:fill=zero",
             "Coherency Table A3 (b: deletion vs drop)": "deletion:fill=zero"}


def bare(method):
    """`rise` of `rise:masks=400+smooth`: steps on maps stand behind a `+` and a letter, which `gradcam++` has not."""
    return re.split(r":|\+(?=[a-z])", method)[0]


def of_any_length(metric):
    """A metric without the number of its curve's points."""
    name, _, parameters = metric.partition(":")
    kept = ",".join(part for part in parameters.split(",") if part and not part.startswith("steps="))
    return f"{name}:{kept}" if kept else name


def against_paper(folder, paper):
    """Our correlations, and in brackets those of the Coherency paper for ResNet-50 on 5,000 images."""
    ours = {}
    for row in rows(folder / "correlate.csv"):
        pair = frozenset((of_any_length(row["metric_a"]), of_any_length(row["metric_b"])))
        ours[bare(row["method"]), pair] = float(row["correlation"])
    theirs = {(row["table"], row["row"].lower(), row["column"].lower()): row["value"] for row in rows(paper)}

    def cell(method, pair, table, row, column):
        value = ours.get((METHODS[method], frozenset(pair)))
        published = theirs.get((table, row.lower(), column.lower()))
        return "" if value is None or published is None else f"{value:+.2f} ({float(published):+.2f})"

    table_2 = "Coherency Table 2 (Spearman / point-biserial)"
    body = [[name, *(cell(m, pair, table_2, name, m) for m in METHODS)] for name, pair in PAIRS.items()]
    for table_3, metric in BINARISED.items():
        for percentile in (50, 75, 90):
            pair = (metric, f"adp:fill=zero,percentile={percentile},ties=all")
            name = f"{metric.partition(':')[0]} & avg. drop, kept above {percentile} %"
            body.append([name, *(cell(m, pair, table_3, m, f"{percentile}%") for m in METHODS)])
    shown = [i for i, m in enumerate(METHODS) if any(row[i + 1] for row in body)]
    names = list(METHODS)
    return table(["ours (paper)", *(names[i] for i in shown)], [[row[0], *(row[i + 1] for i in shown)] for row in body])


def seconds(folder):
    """Of each stage; a study that was stopped and started again has several rows of one."""
    total = {}
    for row in rows(folder / "seconds.csv"):
        total[row["stage"]] = total.get(row["stage"], 0) + float(row["seconds"])
    return table(["stage", "seconds"], [[stage, f"{spent:.1f}"] for stage, spent in total.items()])


def main(folder, paper=None):
    folder = pathlib.Path(folder)
    print("\n### Ranking: mean over images (rank)\n")
    print(ranking(folder))
    print("\n### Agreement of metrics over images, signs after the ordering fix\n")
    print(agreement(folder))
    print("\n### Separation from the random map (rand_dist)\n")
    separation = rows(folder / "separation.csv")
    print(table(["metric", "rand_dist"], [[row["metric"], f"{float(row['rand_dist']):.3f}"] for row in separation]))
    if paper:
        print("\n### Beside the Coherency paper (Tables 2 and A3)\n")
        print(against_paper(folder, pathlib.Path(paper)))
    print("\n### Seconds\n")
    print(seconds(folder))


main(*sys.argv[1:])
