#!/usr/bin/env python3
"""The results of run.sh and draws.sh as tables: adapted.csv (each metric of the maps that were adapted to it), others.csv (what adapting to one does to the
others), draws.csv, kinds.csv and chances.csv (from the traces), parts.csv (points, layers, paths) and claims.csv. Needs only the standard library.

Usage: results.py OUT
"""

import math
import pathlib
import re
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

from arithmetic import mean_interval, verdict, wilson  # noqa: E402
from blocks import rows, save, unique  # noqa: E402

METRICS = ["neg", "pos", "ins", "del", "adp", "pic", "sic", "aic"]
LOWER = {"pos", "del", "adp"}
# From 0 to 1 here, in per cent in the paper.
SHARES = {"sic", "aic"}
CHOSEN = ["nbee", "ncbee", "pbee", "fbee", "best-of", "eea"]
PLAIN = "one draw"
COUNTS = [1, 4, 8, 16, 32, 64]
SUMMARY = ["n", "mean", "mean_low", "mean_high"]


def summary(values):
    """n, the mean over the images and its interval."""
    return dict(zip(SUMMARY, (len(values), *mean_interval(values))))


def label(spec):
    """What a method is called in the tables."""
    name = spec.split(":")[0]
    if name == "nbee" and re.search(r"samples=1\b", spec):
        return PLAIN
    explainer = re.search(r"explainer=(\w+)", spec)
    return f"{name}, {explainer[1]}" if name == "peea" and explainer else name


def adapted_to(spec):
    found = re.search(r"(?:metric|select)=\((\w+)", spec)
    return found[1] if found else "pos"


def number(metric, text):
    return float(text or "nan") * (100 if metric in SHARES else 1)


def read(path, of=label):
    """Values by (label, metric) and image; those that are not defined are absent."""
    found = {}
    for row in rows(path):
        value = number(row["metric"], row["value"])
        if not math.isnan(value):
            found.setdefault((of(row["method"]), row["metric"]), {})[row["image"]] = value
    return found


def same(a, b):
    return a == b or math.isnan(a) and math.isnan(b)


def check(folder, metric):
    """What a method said of the map that it chose is what `perturb | score` says of it: else rows do not belong together."""
    said = {(row["method"], row["image"]): row["best"] for row in rows(folder / f"tried-{metric}.csv")}
    for row in rows(folder / f"scores-{metric}.csv"):
        there = said.get((row["method"], row["image"]))
        if row["metric"] == metric and there is not None and not same(float(there or "nan"), float(row["value"] or "nan")):
            sys.exit(f"{folder}: {row['method']} on {row['image']}: {metric} is {row['value']}, and {there} when the map was chosen")


def gains(metric, a, b):
    """How much better a is than b, image by image where both are defined."""
    sign = -1 if metric in LOWER else 1
    return [sign * (a[image] - b[image]) for image in a if image in b]


def adapted(folder):
    """Of each metric the values of the maps that were adapted to it, and of those that nobody adapted; and the first ones by all metrics."""
    fixed, own, cross = read(folder / "scores-fixed.csv"), {}, {}
    for metric in METRICS:
        if (folder / f"scores-{metric}.csv").exists():
            check(folder, metric)
            for (name, by), values in read(folder / f"scores-{metric}.csv").items():
                cross[name, metric, by] = values
                if by == metric:
                    own[name, metric] = values
    return fixed | own, fixed, cross


def best_so_far(folder, name):
    """By (label or kinds, metric, draws) and image the best of so many draws."""
    found = {}
    for row in rows(folder / name):
        draws = int(row["draw"]) + 1
        if draws in COUNTS and row["best"] not in ("", "NaN"):
            kinds = re.search(r"arms=([\w+]+)", row["method"])
            name = kinds[1] if kinds else label(row["method"])
            found.setdefault((name, row["metric"], draws), {})[row["image"]] = number(row["metric"], row["best"])
    return found


def kinds(folder, metric):
    """Of the chosen map of eight draws of each method what kind of baseline it came from."""
    best, kind = {}, {}
    for row in rows(folder / f"draws-{metric}.csv.gz"):
        key = label(row["method"]), row["image"]
        kind[*key, row["draw"]] = row["arm"]
        if row["draw"] == "7" and row["best_draw"]:
            best[key] = row["best_draw"]
    won = [(name, kind[name, image, draw]) for (name, image), draw in best.items()]
    for name in unique(name for name, _ in won):
        of = [arm for other, arm in won if other == name]
        for arm in sorted(set(kind.values())):
            low, high = wilson(of.count(arm), len(of))
            yield {"label": name, "metric": metric, "kind": arm, "n": len(of), "share": of.count(arm) / len(of), "share_low": low, "share_high": high}


def chances(folder, metric):
    """Quantiles of what each kind of baseline promised to the trained bandit, over images and draws (Figure 5)."""
    found = {}
    for row in rows(folder / f"draws-{metric}.csv.gz"):
        if label(row["method"]) == "pbee":
            for told in row["chances"].split():
                kind, chance = told.split(":")
                found.setdefault(kind, []).append(float(chance))
    for kind, values in found.items():
        ordered = sorted(values)
        at = lambda share: ordered[min(len(ordered) - 1, int(share * len(ordered)))]
        yield {"metric": metric, "kind": kind, **{f"q{share}": at(share / 100) for share in (5, 25, 50, 75, 95)}}


def part(spec):
    """Points, layers or the path, of which parts.csv tells."""
    layers = re.search(r"layers=([\w.+]+)", spec)
    return layers[1] if layers else spec.split(",")[0] if spec.startswith("act-ig") else label(spec)


def parts(folder):
    """The values of draws.sh: of layers and paths those by the metric that they were adapted to."""
    found = {}
    for path in sorted(folder.glob("scores-*.csv")):
        kind, _, rest = path.stem.removeprefix("scores-").partition("-")
        if kind in ("steps", "layers", "paths"):
            metric = rest.rpartition("-")[2]
            for (name, by), values in read(path, part).items():
                if kind == "steps" or rest == "plain" or by == metric:
                    found[kind, name, by] = values
    return found


CLAIMS = [("pBEE is better than integrated gradients in the layer", "pbee", "act-ig"), ("pBEE is better than one draw", "pbee", PLAIN),
          ("pBEE is better than kinds by chance", "pbee", "nbee"), ("pBEE is better than a bandit without context", "pbee", "ncbee"),
          ("fBEE is better than pBEE", "fbee", "pbee"), ("fBEE is better than Grad-CAM", "fbee", "gradcam"),
          ("fBEE is better than integrated gradients", "fbee", "integrated-gradients"), ("fBEE is better than RISE", "fbee", "rise"),
          ("the control: fBEE is better than the best of eight other methods", "fbee", "best-of"),
          ("EEA is better than pEEA", "eea", "peea, own"), ("pEEA is better than Grad-CAM", "peea, own", "gradcam"),
          ("pEEA is better than integrated gradients", "peea, own", "integrated-gradients"),
          ("EEA is better than fBEE", "eea", "fbee"), ("TAME is better than Grad-CAM", "tame", "gradcam"),
          ("an explainer of the network's own architecture is better than of another", "peea, own", "peea, mixed")]
PATHS = [("BEE improves integrated gradients", "ig-fbee", "integrated-gradients"), ("BEE improves blur integrated gradients", "big-fbee", "blur-ig"),
         ("BEE improves guided integrated gradients", "gig-fbee", "guided-ig")]


def claims(own, of_parts, drawn):
    """Each as the gain of one over the other, image by image, of each metric."""
    asked = [(text, metric, own.get((a, metric)), own.get((b, metric))) for text, a, b in CLAIMS for metric in METRICS]
    asked += [(text, metric, of_parts.get(("paths", a, metric)), of_parts.get(("paths", b, metric))) for text, a, b in PATHS for metric in METRICS]
    asked += [("64 draws of fBEE are better than 8", metric, drawn.get(("fbee", metric, 64)), drawn.get(("fbee", metric, 8))) for metric in METRICS]
    asked += [("100 points of a path are better than 10", metric, of_parts.get(("steps", "act-ig:steps=100", metric)),
               of_parts.get(("steps", "act-ig", metric))) for metric in METRICS]
    for text, metric, a, b in asked:
        values = gains(metric, a, b) if a and b else []
        if values:
            row = summary(values)
            yield {"claim": text, "metric": metric, **row, "verdict": verdict(1, 0, row["n"], row["mean_low"], row["mean_high"])}


def network(folder):
    """The rows of each table."""
    found = {name: [] for name in HEADS}
    own, fixed, cross = adapted(folder)
    found["adapted"] += [{"label": name, "metric": metric, **summary(list(values.values()))} for (name, metric), values in own.items()]
    for (name, to, by), values in cross.items():
        of = gains(by, values, fixed.get((PLAIN, by), {}))
        if of:
            found["others"].append({"label": name, "adapted": to, "metric": by, **summary(of)})
    drawn = {}
    for path in [*sorted(folder.glob("draws-*.csv.gz")), *sorted(folder.glob("single-*.csv.gz"))]:
        drawn |= best_so_far(folder, path.name)
    found["draws"] += [{"label": name, "metric": metric, "draws": draws, **summary(list(values.values()))}
                       for (name, metric, draws), values in drawn.items()]
    for metric in METRICS:
        if (folder / f"draws-{metric}.csv.gz").exists():
            found["kinds"] += kinds(folder, metric)
            found["chances"] += chances(folder, metric)
    of_parts = parts(folder)
    seconds = {name: float(took) for name, took in (line.split(",") for line in (folder / "seconds.csv").read_text().split())} \
        if (folder / "seconds.csv").exists() else {}
    for (kind, name, metric), values in of_parts.items():
        steps = re.search(r"steps=(\d+)", name) if kind == "steps" else None
        took = seconds.get(f"steps-{steps[1] if steps else 10}") if kind == "steps" else None
        found["parts"].append({"kind": kind, "label": name, "metric": metric, **summary(list(values.values())), "seconds": took or ""})
    found["claims"] += claims(own, of_parts, drawn)
    return found


HEADS = {"adapted": ["label", "metric", *SUMMARY], "others": ["label", "adapted", "metric", *SUMMARY], "draws": ["label", "metric", "draws", *SUMMARY],
         "kinds": ["label", "metric", "kind", "n", "share", "share_low", "share_high"],
         "chances": ["metric", "kind", "q5", "q25", "q50", "q75", "q95"], "parts": ["kind", "label", "metric", *SUMMARY, "seconds"],
         "claims": ["claim", "metric", *SUMMARY, "verdict"]}


def main(out):
    out = pathlib.Path(out)
    tables = {name: [] for name in HEADS}
    for folder in sorted(path.parent for path in out.glob("*/scores-fixed.csv")):
        for name, found in network(folder).items():
            tables[name] += [{"network": folder.name, **row} for row in found]
    if not tables["adapted"]:
        sys.exit(f"{out}: no scores")
    for name, found in tables.items():
        save(out / f"{name}.csv", ["network", *HEADS[name]], found)


if __name__ == "__main__":
    main(*sys.argv[1:])
