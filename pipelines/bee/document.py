#!/usr/bin/env python3
"""Writes the tables of results.py into a document, between `<!-- learned: NAME -->` and `<!-- / -->`, so that no number is typed. A study that has not been
made leaves its block as it is. Needs only the standard library.

Usage: document.py OUT PAPER_TABLES.csv docs/learned.md
"""

import pathlib
import sys

from results import CHOSEN, COUNTS, METRICS

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

from blocks import rows, table, unique, write  # noqa: E402

# Our names, and the paper's rows.
OURS = {"pbee": "pBEE", "fbee": "fBEE", "ncbee": "ncBEE", "act-ig": "ACT-IG", "gradcam": "GC", "integrated-gradients": "IG", "ig-fbee": "IG-fBEE",
        "big-fbee": "BIG-fBEE", "gig-fbee": "GIG-fBEE", "blur-ig": "BIG", "guided-ig": "GIG"}
ROWS = {"Constant": "constant", "Blur": "blur", "Uniform": "uniform", "Normal": "normal", "Train Data": "training"}
VERDICTS = {"holds": "+", "fails": "-", "undecided": "?"}


def published(path):
    """The paper's numbers, ResNet-101 or ViT-B, by table, row and metric."""
    return {(row["table"].split(" (")[0].removeprefix("BEE "), row["row"], row["column"].lower()): row["value"]
            for row in rows(path) if row["model"] in ("ResNet101 (RN)", "ViT-B")}


def cell(row, digits=1):
    return "{:.{d}f} ({:.{d}f} to {:.{d}f})".format(*(float(row[name]) for name in ("mean", "mean_low", "mean_high")), d=digits)


def by_metric(found, labels, beside=lambda name, metric: None):
    """A line for each label, a column for each metric; in brackets what the paper has."""
    at = {(row["label"], row["metric"]): row for row in found}
    body = []
    for name in labels:
        line = []
        for metric in METRICS:
            theirs = beside(name, metric)
            text = cell(at[name, metric]) if (name, metric) in at else "-"
            line.append(f"{text} [{theirs}]" if theirs else text)
        body.append([name, *line])
    return table(["maps", *(metric.upper() for metric in METRICS)], body)


def others(found, name):
    """How much better maps that were adapted to one metric (line) are by another one (column) than one draw."""
    of = [row for row in found if row["label"] == name]
    at = {(row["adapted"], row["metric"]): row for row in of}
    line = lambda to: [f"**{cell(at[to, by])}**" if to == by else cell(at[to, by]) if (to, by) in at else "-" for by in METRICS]
    return table(["adapted to", *(metric.upper() for metric in METRICS)], [[to.upper(), *line(to)] for to in METRICS if (to, to) in at])


def draws(found, paper):
    at = {(row["label"], row["metric"], row["draws"]): row for row in found}
    body = []
    for name in [name for name in ("fbee", "pbee", "ncbee", "nbee") if any(row["label"] == name for row in found)]:
        for count in COUNTS:
            of = lambda metric: at.get((name, metric, str(count)))
            theirs = lambda metric: paper.get(("Table 8", f"{OURS.get(name)} T={count}", metric))
            text = lambda metric: cell(of(metric)) + (f" [{theirs(metric)}]" if theirs(metric) else "") if of(metric) else "-"
            body.append([name, count, *map(text, METRICS)])
    return table(["maps", "draws", *(metric.upper() for metric in METRICS)], body)


def convergence(found, metric):
    """The best so far of each chooser and of each kind of baselines alone."""
    at = {(row["label"], row["draws"]): row for row in found if row["metric"] == metric}
    names = unique(name for name, _ in at)
    return table(["draws from", *COUNTS], [[name, *(cell(at[name, str(count)]) if (name, str(count)) in at else "-" for count in COUNTS)] for name in names])


def won(found, name, paper):
    at = {(row["kind"], row["metric"]): row for row in found if row["label"] == name}
    theirs = {ours: row for row, ours in ROWS.items()}
    text = lambda kind, metric: "{:.2f} ({:.2f} to {:.2f})".format(
        *(float(at[kind, metric][part]) for part in ("share", "share_low", "share_high"))) if (kind, metric) in at else "-"
    beside = lambda kind, metric: paper.get(("Table 3", theirs.get(kind), metric))
    line = lambda kind: [text(kind, metric) + (f" [{beside(kind, metric)}]" if beside(kind, metric) else "") for metric in METRICS]
    return table(["kind", *(metric.upper() for metric in METRICS)], [[kind, *line(kind)] for kind in unique(kind for kind, _ in at)])


def promised(found):
    body = [[row["metric"].upper(), row["kind"], *(f"{float(row[f'q{share}']):.2f}" for share in (5, 25, 50, 75, 95))] for row in found]
    return table(["metric", "kind", "5 %", "25 %", "50 %", "75 %", "95 %"], body, 2)


def points(found, paper):
    of = [row for row in found if row["kind"] == "steps"]
    steps = lambda name: name.partition("=")[2] or "10"
    beside = lambda name, metric: paper.get(("Table 9", f"n={steps(name)}", metric))
    names = sorted(unique(row["label"] for row in of), key=lambda name: int(steps(name)))
    seconds = {row["label"]: row["seconds"] for row in of}
    took = [[name, f"{1000 * float(seconds[name]) / int(next(row['n'] for row in of if row['label'] == name)):.1f}" if seconds[name] else "-",
             paper.get(("Table 9", f"n={steps(name)}", "runtime_ms"), "-")] for name in names]
    return by_metric(of, names, beside) + "\n\n" + table(["maps", "milliseconds an image, with all else that explain does", "paper"], took)


def claims(found):
    body = []
    for claim in unique(row["claim"] for row in found):
        for network in unique(row["network"] for row in found if row["claim"] == claim):
            at = {row["metric"]: row for row in found if (row["claim"], row["network"]) == (claim, network)}
            text = lambda metric: f"{VERDICTS[at[metric]['verdict']]} {cell(at[metric])}" if metric in at else "-"
            body.append([claim, network, *map(text, METRICS)])
    return table(["claim", "network", *(metric.upper() for metric in METRICS)], body, 2)


def blocks(out, paper):
    found = {path.stem: rows(path) for path in out.glob("*.csv")}
    for network in unique(row["network"] for row in found["adapted"]):
        of = {name: [row for row in table_ if row["network"] == network] for name, table_ in found.items()}
        where = "Table 2" if "vit" in network else "Table 1"
        theirs = lambda name, metric: paper.get((where, OURS.get(name), metric)) or paper.get(("Table 6", OURS.get(name), metric))
        names = unique(row["label"] for row in of["adapted"])
        yield f"{network} adapted", by_metric(of["adapted"], [name for name in names if name not in CHOSEN] + [name for name in CHOSEN if name in names],
                                              theirs)
        for name in ("fbee", "best-of", "eea"):
            if any(row["label"] == name for row in of["others"]):
                yield f"{network} others {name}", others(of["others"], name)
        if of["draws"]:
            yield f"{network} draws", draws(of["draws"], paper)
            yield f"{network} won", won(of["kinds"], "fbee", paper) if any(row["label"] == "fbee" for row in of["kinds"]) else won(of["kinds"], "pbee", paper)
            yield f"{network} promised", promised(of["chances"])
            for metric in ("pos", "sic"):
                if any(row["metric"] == metric for row in of["draws"]):
                    yield f"{network} convergence {metric}", convergence(of["draws"], metric)
        for kind in ("layers", "paths"):
            lines = [row for row in of["parts"] if row["kind"] == kind]
            if lines:
                yield f"{network} {kind}", by_metric(lines, unique(row["label"] for row in lines), lambda name, metric: paper.get(("Table 7", OURS.get(name), metric)))
        if any(row["kind"] == "steps" for row in of["parts"]):
            yield f"{network} points", points(of["parts"], paper)
    yield "claims", claims(found["claims"])


def main(out, paper, document):
    write(document, "learned", blocks(pathlib.Path(out), published(paper)))


if __name__ == "__main__":
    main(*sys.argv[1:])
