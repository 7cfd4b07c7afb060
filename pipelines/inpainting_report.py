#!/usr/bin/env python3
"""The tables of inpainting.sh as Markdown: areas with intervals, how far from random maps, and the curves. Needs only the standard library.

Usage: inpainting_report.py FOLDER
"""
import pathlib
import sys

from blocks import rows

GROUPS = {
    "The baselines": {"delete": "classic:end=0.5", "blur": "classic:fill=pil-blur,end=0.5", "mean": "classic:fill=mean,end=0.5"},
    "Imputation": {"second": "inpaint", "second, weighed": "stratified", "any other": "inpaint:class=other",
                   "any other, weighed": "stratified:class=other"},
    "MI-GAN": {"second": "inpaint:generator=migan,samples=1", "second, weighed": "stratified:generator=migan,samples=1",
               "any other": "inpaint:generator=migan,samples=1,class=other",
               "any other, weighed": "stratified:generator=migan,samples=1,class=other"},
}
CURVES = {"Imputation": "inpaint", "MI-GAN": "inpaint:generator=migan,samples=1"}


def table(head, body):
    line = lambda cells: "| " + " | ".join(cells) + " |"
    print("\n".join([line(head), "|---" + "|---:" * (len(head) - 1) + "|", *map(line, body)]), end="\n\n")


def cell(row, value, low, high, digits):
    return " ".join([f"{float(row[value]):.{digits}f}", f"[{float(row[low]):.{digits}f}, {float(row[high]):.{digits}f}]"])


def areas(folder):
    ranks = {(row["metric"], row["method"]): row for name in ("scores", "classic-scores") for row in rows(folder / f"{name}-rank.csv")}
    distances = {row["metric"]: row for name in ("scores", "classic-scores") for row in rows(folder / f"{name}-separation.csv")}
    methods = sorted({method for _, method in ranks})
    for title, metrics in GROUPS.items():
        n = {ranks[metric, method]["n"] for metric in metrics.values() for method in methods}
        print(f"{title}, {' or '.join(sorted(n))} images:\n")
        body = [[f"`{method}`", *(cell(ranks[metric, method], "mean", "ci_low", "ci_high", 3) for metric in metrics.values())]
                for method in methods]
        for name in ("rand_dist", "rand_dist_inside"):
            body.append([name, *(cell(distances[metric], name, f"{name}_low", f"{name}_high", 2) for metric in metrics.values())])
        table(["method", *metrics], body)


def curves(folder):
    counts = {}
    for row in rows(folder / "answers.csv"):
        if float(row["fraction"] or 0) > 0 and row["predicted"]:
            place = counts.setdefault((row["test"], row["method"], row["fraction"]), [0, 0, 0])
            for at, hit in enumerate([True, row["predicted"] != row["target"], row["predicted"] == row["second"]]):
                place[at] += hit
    for title, test in CURVES.items():
        print(f"{title}: share of images that are another class, in parentheses their second one, by the fraction painted:\n")
        fractions = sorted({fraction for of, _, fraction in counts if of == test}, key=float)
        methods = sorted({method for of, method, _ in counts if of == test})
        share = lambda place: f"{place[1] / place[0]:.2f} ({place[2] / place[0]:.2f})"
        table(["method", *fractions], [[f"`{method}`", *(share(counts[test, method, at]) for at in fractions)] for method in methods])


if __name__ == "__main__":
    areas(pathlib.Path(sys.argv[1]))
    curves(pathlib.Path(sys.argv[1]))
