#!/usr/bin/env python3
"""The results of the sanity checks as three tables: steps.csv (means with intervals), boxes.csv (the numbers of box plots) and claims.csv (what
Adebayo et al. report, and whether it holds here). Needs only the standard library.

Usage: results.py OUT      a folder of run.sh
"""

import math
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

from arithmetic import mean_interval, verdict  # noqa: E402
from blocks import rows, save  # noqa: E402

# Above it a map is more like the plain network's than unlike: by convention, and said beside every verdict.
LIMIT = 0.5
SIGNED, MAGNITUDES = "spearman", "spearman-abs"


def step_of(row):
    """What was done to the network: of `cifar-vit+cascading:head@1234abcd` cascading and head; nothing for another network."""
    kind, _, depth = row["model"].rpartition("@")[0].partition("+")[2].partition(":")
    return (kind, depth) if kind else ("permuted", "labels")


def read(folder):
    """The values of each step, metric and method, by image. One that is not defined is NaN, and counted."""
    found = {}
    for path in sorted(folder.glob("scores-*.csv")):
        for row in rows(path):
            of = found.setdefault((*step_of(row), row["metric"], row["method"]), {})
            of[row["image"]] = float(row["value"] or "nan")
    return found


def defined(values):
    return [value for value in values if not math.isnan(value)]


def quantile(ordered, share):
    """Between neighbours by their distance, as NumPy's default."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


def box(values):
    """Median, quartiles, and Tukey's whiskers: the furthest values within 1.5 times the distance of the quartiles; what lies beyond is counted."""
    ordered = sorted(values)
    low, middle, high = (quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    reach = 1.5 * (high - low)
    inside = [value for value in ordered if low - reach <= value <= high + reach]
    return {"median": middle, "quartile_low": low, "quartile_high": high, "whisker_low": inside[0], "whisker_high": inside[-1],
            "outside": len(ordered) - len(inside)}


def steps(network, found):
    """Of each step, metric and method the mean over the images with its interval, and the box."""
    for (kind, depth, metric, method), by_image in found.items():
        values = defined(by_image.values())
        key = {"network": network, "kind": kind, "depth": depth, "metric": metric, "method": method, "n": len(values),
               "undefined": len(by_image) - len(values)}
        if values:
            middle, low, high = mean_interval(values)
            yield key, {"mean": middle, "mean_low": low, "mean_high": high}, box(values)


def paired(a, b):
    """a - b of the images that have both."""
    return [a[image] - b[image] for image in a if image in b and not math.isnan(a[image] - b[image])]


def claims(network, found, stage):
    """What Adebayo et al. report, and EEA of itself. A claim says that a mean over the images lies below (-1) or above (1) a limit; it holds if its whole interval does,
    fails if the whole interval lies on the other side, and is undecided between."""
    of = lambda depth, metric, method: found.get(("cascading", depth, metric, method), {})
    alone = lambda *key: defined(of(*key).values())
    asked = [
        ("the gradient is sensitive: magnitudes, all layers", -1, LIMIT, alone("all", MAGNITUDES, "gradient")),
        ("the gradient is sensitive: signed, all layers", -1, LIMIT, alone("all", SIGNED, "gradient")),
        ("Grad-CAM is sensitive: all layers, of the images where neither map is zero everywhere", -1, LIMIT, alone("all", SIGNED, "gradcam")),
        ("Grad-CAM without its ReLU is sensitive: signed, all layers", -1, LIMIT, alone("all", SIGNED, "gradcam:relu=false")),
        ("SmoothGrad is sensitive: magnitudes, all layers", -1, LIMIT, alone("all", MAGNITUDES, "smoothgrad:samples=25")),
        (f"guided backprop does not see the upper layers: magnitudes, down to {stage}", 1, LIMIT, alone(stage, MAGNITUDES, "guided-backprop")),
        (f"guided backprop changes less than the gradient: magnitudes, down to {stage}", 1, 0,
         paired(of(stage, MAGNITUDES, "guided-backprop"), of(stage, MAGNITUDES, "gradient"))),
        ("guided backprop changes less than the gradient: magnitudes, all layers", 1, 0,
         paired(of("all", MAGNITUDES, "guided-backprop"), of("all", MAGNITUDES, "gradient"))),
        ("integrated gradients change less in magnitudes than signed, all layers", 1, 0,
         paired(of("all", MAGNITUDES, "integrated-gradients:steps=20"), of("all", SIGNED, "integrated-gradients:steps=20"))),
        ("input times gradient changes less in magnitudes than signed, all layers", 1, 0,
         paired(of("all", MAGNITUDES, "input-x-gradient"), of("all", SIGNED, "input-x-gradient"))),
        ("EEA, which learns on for each image, is sensitive (its paper): all layers", -1, LIMIT, alone("all", SIGNED, "eea:explainer=own,transfer=true")),
        ("pEEA is not, which never sees the explained network: all layers", 1, LIMIT, alone("all", SIGNED, "peea:explainer=own,transfer=true")),
    ]
    for claim, side, limit, values in asked:
        if values:
            middle, low, high = mean_interval(values)
            yield {"network": network, "claim": claim, "limit": limit, "n": len(values), "mean": middle, "mean_low": low, "mean_high": high,
                   "verdict": verdict(side, limit, len(values), low, high)}


def main(out):
    out = pathlib.Path(out)
    means, boxes, told = [], [], []
    for folder in sorted(path.parent for path in out.glob("*/settings")):
        found = read(folder)
        for key, middle, numbers in steps(folder.name, found):
            means.append(key | middle)
            boxes.append(key | numbers)
        told += claims(folder.name, found, "layer3" if "vit" not in folder.name else "blocks.3")
    if not means:
        sys.exit(f"{out}: no scores")
    save(out / "steps.csv", list(means[0]), means)
    save(out / "boxes.csv", list(boxes[0]), boxes)
    save(out / "claims.csv", ["network", "claim", "limit", "n", "mean", "mean_low", "mean_high", "verdict"], told)


if __name__ == "__main__":
    main(*sys.argv[1:])
