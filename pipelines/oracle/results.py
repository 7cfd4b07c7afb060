#!/usr/bin/env python3
"""The results of the oracle study as four tables: uses.csv, truth.csv, agreement.csv, preference.csv. Needs only the standard library.

Usage: results.py OUT      a folder of run.sh
"""

import math
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

from arithmetic import holm, interval, kendall, mean, mean_interval, resamples, sign_test, spearman, wilson  # noqa: E402
from blocks import rows, save  # noqa: E402

NETWORKS = ["testbed", "testbed-vit"]
TRUTHS = ["roc-auc", "relevance-rank", "relevance-mass"]
DRAWS = 1000
# What the masked image without the map is asked about, told again by drop-in-deletion.
TWICE = [f"{name}:invert=true" for name in ("adp", "pic", "average-gain")]


class Scores:
    """The values of a network, by metric, method and image, turned so that higher is better; what is not defined is absent."""

    def __init__(self, folder):
        self.value = {}
        done = sorted(folder.glob("scores-*.csv"))
        for path in [*(path.with_name(path.name.replace("scores", "truth")) for path in done), *done]:
            for row in rows(path):
                value = float(row["value"] or "nan")
                of_method = self.value.setdefault(row["metric"], {}).setdefault(row["method"], {})
                if math.isfinite(value):
                    of_method[row["image"]] = -value if row["direction"] == "lower" else value
        self.metrics = [metric for metric in self.value if metric not in TWICE]
        self.images = sorted({image for one in self.value[TRUTHS[0]].values() for image in one})
        methods = list(self.value[TRUTHS[0]])
        self.methods = [method for method in methods if not is_wrong(method)]
        self.good = sorted({method.rpartition("!")[0] for method in methods if "!" in method})

    def common(self, metric, methods):
        """The images on which the metric is defined for all methods."""
        of_methods = [self.value[metric].get(method, {}) for method in methods]
        return [image for image in self.images if all(image in one for one in of_methods)]


def is_wrong(method):
    return "!" in method or "+smooth:" in method


def wrong_maps(scores, good):
    """The wrong maps of a method: how they are called here, and in the tables."""
    blurred = next(method for method in scores.value[TRUTHS[0]] if method.startswith(f"{good}+smooth:"))
    kinds = {kind: f"{good}!{kind}" for kind in ("inverted", "shifted", "other")}
    return kinds | {"blurred": blurred, "random": "random"}


def uses(network, folder):
    """How well the classifier knows the clean images, and what is left when they change."""
    clean = {}
    for kind in ("clean", "swapped", "removed"):
        answers = [row for row in rows(folder / f"uses-{kind}.csv") if row["point"] == "0"]
        hits = sum(row["predicted"] == row["target"] for row in answers)
        place = [row["image"].rpartition("/")[2] for row in answers]
        predicted = dict(zip(place, (row["predicted"] for row in answers)))
        clean = clean or predicted
        kept = sum(predicted[name] == clean[name] for name in place)
        share = dict(zip(("probability", "probability_low", "probability_high"),
                         mean_interval([float(row["probability"]) for row in answers], DRAWS)))
        yield {"network": network, "images": kind, "n": len(answers), "accuracy": hits / len(answers),
               **limits("accuracy", wilson(hits, len(answers))), "kept": kept / len(answers),
               **limits("kept", wilson(kept, len(answers))), **share}


def limits(name, pair):
    return {f"{name}_low": pair[0], f"{name}_high": pair[1]}


def truth(network, scores):
    """How much of the maps of each method, good and wrong, lies on the object."""
    for measure in TRUTHS:
        for method, of_method in scores.value[measure].items():
            middle, *ends = mean_interval([of_method[image] for image in sorted(of_method)], DRAWS)
            yield {"network": network, "truth": measure, "method": method, "n": len(of_method), "mean": middle,
                   **limits("mean", ends)}


def resampled_means(scores, metric, draws):
    """Of each resample, the means of all methods, up to a common factor: an image that one method lacks counts for none."""
    common = set(scores.common(metric, scores.methods))
    columns = [[scores.value[metric][method][image] if image in common else 0.0 for image in scores.images]
               for method in scores.methods]
    return [[sum(map(column.__getitem__, draw)) for column in columns] for draw in draws]


def by_image(scores, metric, measure):
    """Kendall's tau over the methods, of each image on which both say which of them is better."""
    images = set(scores.common(metric, scores.methods)) & set(scores.common(measure, scores.methods))
    column = lambda name, image: [scores.value[name][method][image] for method in scores.methods]
    found = [kendall(column(metric, image), column(measure, image)) for image in sorted(images)]
    return [tau for tau in found if not math.isnan(tau)]


def agreement(network, scores):
    """Does a metric put the methods in the order of the truth: by their means over the images, and on each image?"""
    draws = [list(range(len(scores.images))), *resamples(len(scores.images), DRAWS)]
    means = {metric: resampled_means(scores, metric, draws) for metric in scores.metrics}
    for metric in scores.metrics:
        n = len(scores.common(metric, scores.methods))
        for measure in TRUTHS if n else []:
            pairs = list(zip(means[metric], means[measure]))
            tau, rho = ([statistic(*pair) for pair in pairs] for statistic in (kendall, spearman))
            single = by_image(scores, metric, measure)
            middle, *ends = mean_interval(single, DRAWS)
            yield {"network": network, "metric": metric, "truth": measure, "methods": len(scores.methods), "n": n,
                   "kendall": tau[0], **limits("kendall", interval(tau[1:])),
                   "spearman": rho[0], **limits("spearman", interval(rho[1:])),
                   "images": len(single), "image_kendall": middle, **limits("image_kendall", ends)}


def preference(network, scores):
    """How often a metric scores a wrong map higher than the map it was made of."""
    for good in scores.good:
        for kind, wrong in wrong_maps(scores, good).items():
            for metric in scores.metrics:
                images = scores.common(metric, [good, wrong])
                if not images:
                    continue
                right, other = (scores.value[metric][method] for method in (good, wrong))
                better = sum(other[image] > right[image] for image in images)
                equal = sum(other[image] == right[image] for image in images)
                yield {"network": network, "method": good, "wrong": kind, "metric": metric, "n": len(images),
                       "better": better / len(images), **limits("better", wilson(better, len(images))),
                       "equal": equal / len(images), **limits("equal", wilson(equal, len(images))),
                       "p_sign": sign_test(better, len(images) - better - equal)}


def main(out):
    out = pathlib.Path(out)
    found = {"uses": [], "truth": [], "agreement": [], "preference": []}
    for network in NETWORKS:
        scores = Scores(out / network)
        found["uses"] += uses(network, out / network)
        found["truth"] += truth(network, scores)
        found["agreement"] += agreement(network, scores)
        found["preference"] += preference(network, scores)
    # All wrong maps of both networks, by what is no truth: one family of tests.
    tested = [row for row in found["preference"] if row["metric"] not in TRUTHS]
    for row, adjusted in zip(tested, holm([row["p_sign"] for row in tested])):
        row["p_holm"] = adjusted
    for row in found["preference"]:
        row.setdefault("p_holm", row["p_sign"])
    for name, table in found.items():
        save(out / f"{name}.csv", list(table[0]), table)


if __name__ == "__main__":
    main(*sys.argv[1:])
