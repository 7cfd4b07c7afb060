"""Writes, beside this file, the input of `rank`, `correlate` and `score --against` and what SciPy and NumPy say they should write.

Made with Python 3.11.7, SciPy 1.17.1 and NumPy 2.4.6:

    python generate_tables.py

Columns that depend on a resampling generator (intervals of means) are empty.
"""

import csv
import itertools
import math
import pathlib
import warnings

import numpy as np
import scipy
from scipy import stats

PINNED = {"scipy": "1.17.1", "numpy": "2.4.6"}
HERE = pathlib.Path(__file__).parent

MODELS = ["resnet50", "vit"]
METHODS = ["ig:steps=20", "random", "rise"]
DIRECTIONS = {"deletion": "lower", "insertion": "higher", "pic": "higher", "pointing": "higher", "road:order=morf": "lower"}
IMAGES = [("a, b.jpg", 3), ("cat.jpg", 281), ("cat.jpg", 282), *((f"n{i:02}.jpg", i) for i in range(11))]


def write(name, header, rows):
    with open(HERE / name, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        # Shortest text that reads back the same.
        out.writerows([repr(float(cell)) if isinstance(cell, float) else cell for cell in row] for row in rows)


def scores():
    """{(model, method, metric): values by image}, with ties, NaN, two-valued metrics and a constant."""
    rng = np.random.default_rng(23)
    table = {}
    for model, method in itertools.product(MODELS, METHODS):
        quality = rng.normal(size=len(IMAGES))
        noise = lambda: rng.normal(size=len(IMAGES))
        table[model, method, "deletion"] = np.round(0.4 - 0.1 * quality + 0.05 * noise(), 3)
        table[model, method, "insertion"] = np.round(0.6 + 0.1 * quality + 0.1 * noise(), 2)
        table[model, method, "pic"] = 100.0 * (quality + noise() > 0)
        table[model, method, "pointing"] = 1.0 * (quality + 0.5 * noise() > 0)
        table[model, method, "road:order=morf"] = np.round(0.3 + 0.2 * noise(), 1)
    table["resnet50", "rise", "pointing"][:] = 1.0
    table["vit", "rise", "insertion"][4] = np.nan
    table["vit", "rise", "deletion"][[4, 9]] = np.nan
    return table


def ordered(table, model, method, metric):
    sign = -1.0 if DIRECTIONS[metric] == "lower" else 1.0
    return sign * table[model, method, metric]


def interval(r, n, lost, variance):
    if math.isnan(r):
        return math.nan, math.nan
    margin = stats.norm.ppf(0.975) * math.sqrt(variance / (n - lost))
    with np.errstate(divide="ignore"):
        return tuple(float(np.tanh(np.arctanh(r) + side * margin)) for side in (-1, 1))


def correlate(asked, a, b, binaries):
    keep = ~(np.isnan(a) | np.isnan(b))
    a, b = a[keep], b[keep]
    if all(binaries):
        name, result = "phi", stats.pearsonr(a, b)
    elif any(binaries):
        name, result = "point-biserial", stats.pointbiserialr(a > a.min() if binaries[0] else b > b.min(), b if binaries[0] else a)
    else:
        name = asked
        result = {"spearman": stats.spearmanr, "pearson": stats.pearsonr, "kendall": stats.kendalltau}[asked](a, b)
    r, p = float(result[0]), float(result[1])
    lost, variance = {"spearman": (3, 1 + r * r / 2), "kendall": (4, 0.437)}.get(name, (3, 1))
    return [name, r, *interval(r, len(a), lost, variance), p, len(a)]


def correlations(table, asked):
    binary = {metric: metric in ("pic", "pointing") for metric in DIRECTIONS}
    means = {}
    for model, method in itertools.product(MODELS, METHODS):
        for a, b in itertools.combinations(sorted(DIRECTIONS), 2):
            row = correlate(
                asked, ordered(table, model, method, a), ordered(table, model, method, b), (binary[a], binary[b])
            )
            means.setdefault((model, a, b, row[0]), []).append(row[1])
            yield [model, method, a, b, *row]
    for (model, a, b, name), values in means.items():
        values = [value for value in values if not math.isnan(value)]
        yield [model, "mean", a, b, name, float(np.mean(values)), "", "", "", len(values)]


def rankings(table):
    for model, metric in itertools.product(MODELS, sorted(DIRECTIONS)):
        values = {method: table[model, method, metric] for method in METHODS}
        defined = np.all([~np.isnan(v) for v in values.values()], axis=0)  # An image counts for all methods or for none.
        values = {method: v[defined] for method, v in values.items()}
        means = {method: float(np.mean(v)) for method, v in values.items()}
        sign = 1 if DIRECTIONS[metric] == "lower" else -1
        ranks = dict(zip(METHODS, stats.rankdata([sign * means[method] for method in METHODS])))
        for method in sorted(METHODS, key=lambda method: (ranks[method], method)):
            row = [model, metric, DIRECTIONS[metric], method, len(values[method]), means[method], "", ""]
            yield [*row, float(ranks[method])]


def separations(table):
    for model, metric in itertools.product(MODELS, sorted(DIRECTIONS)):
        values = np.array([table[model, method, metric] for method in METHODS])
        means = values[:, ~np.isnan(values).any(axis=0)].mean(axis=1)
        scaled = (means - means.min()) / (means.max() - means.min())
        away = scaled[[0, 2]] - scaled[1]
        yield [model, metric, float(abs(away.mean())), float(np.abs(away).mean()), 2]


def maps():
    """Two packs of five signed maps, the second a disturbed first; map 3 of it is constant."""
    rng = np.random.default_rng(29)
    a = np.round(rng.normal(size=(5, 6, 7)), 1).astype("<f4")
    b = (a * np.array([1, 1, -1, 0, 0.5]).reshape(-1, 1, 1) + np.array([0, 0.3, 1, 0, 2]).reshape(-1, 1, 1) * rng.normal(size=a.shape)).astype("<f4")
    return a, b


def map_correlations(a, b):
    for i in range(len(a)):
        x, y = a[i].astype(float).ravel(), b[i].astype(float).ravel()
        for name, function, of in (
            ("spearman", stats.spearmanr, lambda v: v),
            ("pearson", stats.pearsonr, lambda v: v),
            ("spearman-abs", stats.spearmanr, np.abs),
            ("pearson-abs", stats.pearsonr, np.abs),
        ):
            value = float(function(of(x), of(y))[0])
            reason = "a map is constant" if math.isnan(value) else ""
            yield [f"{i}.jpg", 10 + i, "untrained", "ig", name, "higher", value, reason]


def main():
    found = {"scipy": scipy.__version__, "numpy": np.__version__}
    if found != PINNED:
        raise SystemExit(f"expected {PINNED}, found {found}")
    print(found)
    warnings.simplefilter("ignore")
    table = scores()
    cells = (
        [image, target, model, method, metric, DIRECTIONS[metric], float(values[i])]
        for i, (image, target) in enumerate(IMAGES)
        for (model, method, metric), values in table.items()
    )
    write("scores.csv", ["image", "target", "model", "method", "metric", "direction", "value"], cells)
    header = ["model", "method", "metric_a", "metric_b", "coefficient", "correlation", "ci_low", "ci_high", "p_value", "n"]
    for asked in ("spearman", "pearson", "kendall"):
        write(f"{asked}.csv", header, correlations(table, asked))
    header = ["model", "metric", "direction", "method", "n", "mean", "ci_low", "ci_high", "rank"]
    write("ranks.csv", header, rankings(table))
    write("separations.csv", ["model", "metric", "rand_dist", "rand_dist_inside", "n"], separations(table))
    a, b = maps()
    np.save(HERE / "maps_a.npy", a)
    np.save(HERE / "maps_b.npy", b)
    header = ["image", "target", "model", "method", "metric", "direction", "value", "reason"]
    write("maps.csv", header, map_correlations(a, b))


main()
