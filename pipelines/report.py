#!/usr/bin/env python3
"""The tables of a study as Markdown: ranking, agreement of metrics, seconds. Needs only the standard library.

Usage: report.py FOLDER [PAPER_TABLES.csv]     with the paper's tables, its correlations stand beside ours
"""
import csv
import pathlib
import sys

ARROW = {"higher": "↑", "lower": "↓"}


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


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


def main(folder, *_):
    folder = pathlib.Path(folder)
    print("\n### Ranking: mean over pictures (rank)\n")
    print(ranking(folder))
    print("\n### Agreement of metrics over pictures, signs after the ordering fix\n")
    print(agreement(folder))
    print("\n### Separation from the random map (rand_dist)\n")
    separation = rows(folder / "separation.csv")
    print(table(["metric", "rand_dist"], [[row["metric"], f"{float(row['rand_dist']):.3f}"] for row in separation]))
    print("\n### Seconds\n")
    print(table(["stage", "seconds"], [[row["stage"], row["seconds"]] for row in rows(folder / "seconds.csv")]))


main(*sys.argv[1:])
