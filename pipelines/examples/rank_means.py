"""In place of `rank`: methods in the order of their means, with intervals from images that are drawn again (percentile bootstrap).

    score answers.csv | python3 rank_means.py

Reads the rows of `score`, each model by itself. All methods are compared on the same images, and drawn on the same: one that a
method has no number for is left out for all, since a mean over easier images would reward it."""
import argparse
import math

import numpy as np

import stage

COLUMNS = ["model", "metric", "direction", "method", "n", "mean", "ci_low", "ci_high", "rank", "median", "win_rate"]
RESAMPLES = 1000


def ranks(values):
    """1 for the least value; equal ones share the mean of their ranks."""
    below, equal = values[:, None] > values, values[:, None] == values
    return below.sum(axis=1) + (equal.sum(axis=1) + 1) / 2


def table(name, methods):
    """The names of the methods, and their values (methods, images) where all have a number."""
    images = sorted(set.union(*(set(of_method) for of_method in methods.values())))
    for method, of_method in sorted(methods.items()):
        if len(of_method) < len(images):
            stage.fail(f"{name}, {method}: {len(images) - len(of_method)} of {len(images)} images have no row")
    values = np.array([[methods[method][image] for image in images] for method in sorted(methods)])
    finite = np.isfinite(values).all(axis=0)
    if not finite.any():
        stage.fail(f"{name}: no image has a number from every method")
    if not finite.all():
        stage.note(f"{name}: {(~finite).sum()} of {len(images)} images are left out for all methods: a value is NaN or infinite")
    return sorted(methods), values[:, finite]


def ranking(model, metric, direction, methods):
    """The rows of one metric, the best method first."""
    methods, values = table(f"{model}, {metric}", methods)
    badness = values if direction == "lower" else -values
    best = badness == badness.min(axis=0)
    draws = np.random.default_rng(0).integers(values.shape[1], size=(RESAMPLES, values.shape[1]))
    low, high = np.percentile([of_method[draws].mean(axis=1) for of_method in values], [2.5, 97.5], axis=1)
    # Sums that no order of the images changes: equal samples have equal means, and share their ranks.
    means = np.array([math.fsum(of_method) / len(of_method) for of_method in values])
    numbers = (means, low, high, ranks(means if direction == "lower" else -means), np.median(values, axis=1),
               (best / best.sum(axis=0)).mean(axis=1))
    rows = [(model, metric, direction, method, values.shape[1], *of_method) for method, *of_method in zip(methods, *numbers)]
    return sorted((dict(zip(COLUMNS, row)) for row in rows), key=lambda row: row["rank"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", help="rows of `score`; none is standard input")
    values, directions = stage.scores(parser.parse_args().tables)
    boards = sorted(values.items())
    stage.write(COLUMNS, [row for (model, metric), methods in boards for row in ranking(model, metric, directions[metric], methods)])


if __name__ == "__main__":
    main()
