"""Writes, beside this file, scores and what NumPy says that `rank` makes of them in the resamples of draws.csv.

Made with Python 3.11.7, SciPy 1.17.1 and NumPy 2.4.6:

    python generate.py

draws.csv is `rank`'s own (its tests write it with BLESS=1): how often each of 200 resamples draws each of 14 images, which are
sorted by path and target. Scores are continuous or counts, so that no rounding decides between two means.
"""

import csv
import itertools
import pathlib

import numpy as np
import scipy
from scipy import stats

PINNED = {"scipy": "1.17.1", "numpy": "2.4.6"}
HERE = pathlib.Path(__file__).parent

MODEL = "vit@12345678"
METHODS = ["gradcam", "ig:steps=20", "random", "rise"]
DIRECTIONS = {"deletion": "lower", "insertion": "higher", "pointing-game": "higher"}
IMAGES = sorted([("a, b.jpg", 3), ("cat.jpg", 281), ("cat.jpg", 282), *((f"n{i:02}.jpg", i) for i in range(11))])
LEVEL = 0.95


def write(name, header, rows):
    with open(HERE / name, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows([repr(float(cell)) if isinstance(cell, float) else cell for cell in row] for row in rows)


def scores():
    """{(method, metric): values by image}, with NaN, a metric of two values, and methods that are close."""
    rng = np.random.default_rng(41)
    image = rng.normal(size=len(IMAGES))
    table = {}
    for method, quality in zip(METHODS, (0.5, 0.4, -0.3, 0.45)):
        noise = lambda: rng.normal(size=len(IMAGES))
        table[method, "deletion"] = 0.4 - 0.1 * quality + 0.05 * image + 0.05 * noise()
        table[method, "insertion"] = 0.5 + 0.2 * quality + 0.1 * image + 0.1 * noise()
        table[method, "pointing-game"] = 1.0 * (quality + 0.5 * noise() > 0)
    table["rise", "deletion"][[4, 9]] = np.nan
    table["gradcam", "deletion"][[4, 11]] = np.nan
    table["ig:steps=20", "insertion"][0] = np.inf
    return table


def interval(values):
    tail = (1 - LEVEL) / 2
    return [float(np.quantile(values, q)) for q in (tail, 1 - tail)]


def resampled(values, drawn):
    """The mean over what each resample draws of the numbers."""
    keep = np.isfinite(values)
    return np.array([np.mean(np.repeat(values[keep], counts[keep])) for counts in drawn])


def sign(metric):
    return 1 if DIRECTIONS[metric] == "lower" else -1


def on_common(table, metric):
    """The values of all methods, NaN where any has no number."""
    values = np.array([table[method, metric] for method in METHODS])
    return np.where(np.isfinite(values).all(axis=0), values, np.nan)


def shares(badness):
    """For each row the share of the columns where it is least, ties shared."""
    first = badness == badness.min(axis=0)
    return (first / first.sum(axis=0)).mean(axis=1)


def ranked(table, metric, drawn):
    values = on_common(table, metric)
    means = np.array([resampled(v, drawn) for v in values])
    ranks = stats.rankdata(sign(metric) * means, axis=0)
    return values[:, np.isfinite(values[0])], means, ranks


def rankings(table, drawn):
    for metric in sorted(DIRECTIONS):
        values, means, ranks = ranked(table, metric, drawn)
        place = stats.rankdata(sign(metric) * values.mean(axis=1))
        best, wins = shares(sign(metric) * means), shares(sign(metric) * values)
        for i in sorted(range(len(METHODS)), key=lambda i: (place[i], METHODS[i])):
            row = [MODEL, metric, DIRECTIONS[metric], METHODS[i], values.shape[1], float(values[i].mean()), *interval(means[i])]
            yield [*row, float(place[i]), float(np.median(values[i])), *interval(ranks[i]), float(best[i]), float(wins[i])]


def ahead(a, b):
    return float(np.mean((a > b) + 0.5 * (a == b)))


def pairs(table, drawn):
    for metric in sorted(DIRECTIONS):
        for a, b in itertools.combinations(METHODS, 2):
            both = np.isfinite(table[a, metric]) & np.isfinite(table[b, metric])
            x, y = (np.where(both, table[method, metric], np.nan) for method in (a, b))
            means = [resampled(v, drawn) for v in (x, y)]
            n, x, y = int(both.sum()), x[both], y[both]
            better = -sign(metric)
            rate = ahead(better * x, better * y)
            # Halves are no successes: from the interval of the whole number below to that of the one above.
            wilson = lambda k: stats.binomtest(int(k), n).proportion_ci(LEVEL, method="wilson")
            win = [float(wilson(np.floor(rate * n + 1e-9)).low), float(wilson(np.ceil(rate * n - 1e-9)).high)]
            row = [MODEL, metric, DIRECTIONS[metric], a, b, n, float(np.mean(x) - np.mean(y)), *interval(means[0] - means[1])]
            yield [*row, ahead(better * means[0], better * means[1]), rate, *win]


def distances(means):
    """Both readings of rand_dist for the means of the methods, the third of which is random."""
    scaled = (means - means.min()) / (means.max() - means.min())
    away = np.delete(scaled, 2) - scaled[2]
    return abs(away.mean()), np.abs(away).mean()


def separations(table, drawn):
    for metric in sorted(DIRECTIONS):
        values, means, _ = ranked(table, metric, drawn)
        found = [float(distance) for distance in distances(values.mean(axis=1))]
        outside, inside = np.array([distances(resample) for resample in means.T]).T
        yield [MODEL, metric, *found, len(METHODS) - 1, *interval(outside), *interval(inside)]


def overall(table, drawn):
    places, ranks = [], []
    for metric in sorted(DIRECTIONS):
        values, _, of_resamples = ranked(table, metric, drawn)
        places.append(stats.rankdata(sign(metric) * values.mean(axis=1)))
        ranks.append(of_resamples)
    place, ranks = np.mean(places, axis=0), np.mean(ranks, axis=0)
    best, order = shares(ranks), stats.rankdata(place)
    for i in sorted(range(len(METHODS)), key=lambda i: (place[i], METHODS[i])):
        yield [MODEL, METHODS[i], len(DIRECTIONS), float(place[i]), *interval(ranks[i]), float(order[i]), float(best[i])]


def main():
    found = {"scipy": scipy.__version__, "numpy": np.__version__}
    if found != PINNED:
        raise SystemExit(f"expected {PINNED}, found {found}")
    print(found)
    table = scores()
    cells = (
        [image, target, MODEL, method, metric, DIRECTIONS[metric], float(values[i])]
        for i, (image, target) in enumerate(IMAGES)
        for (method, metric), values in table.items()
    )
    write("scores.csv", ["image", "target", "model", "method", "metric", "direction", "value"], cells)
    drawn = np.loadtxt(HERE / "draws.csv", delimiter=",", dtype=int)
    key = ["model", "metric", "direction"]
    header = [*key, "method", "n", "mean", "ci_low", "ci_high", "rank", "median", "rank_low", "rank_high", "p_best", "win_rate"]
    write("ranks.csv", header, rankings(table, drawn))
    header = [*key, "method_a", "method_b", "n", "difference", "ci_low", "ci_high", "p_better", "win_rate", "win_low", "win_high"]
    write("pairs.csv", header, pairs(table, drawn))
    ends = [f"{name}_{end}" for name in ("rand_dist", "rand_dist_inside") for end in ("low", "high")]
    write("separations.csv", ["model", "metric", "rand_dist", "rand_dist_inside", "n", *ends], separations(table, drawn))
    header = ["model", "method", "metrics", "mean_rank", "ci_low", "ci_high", "rank", "p_best"]
    write("overall.csv", header, overall(table, drawn))


main()
