"""Writes, beside this file, the input of `rank`, `correlate` and `score --against` and what SciPy and NumPy say they should write.

Made with Python 3.11.7, SciPy 1.17.1, NumPy 2.4.6, pandas 3.1.1, pingouin 0.7.0 and statsmodels 0.15.0:

    python generate_tables.py

Columns that depend on a resampling generator (intervals of means) are empty.
"""

import csv
import itertools
import math
import pathlib
import warnings

import numpy as np
import pandas as pd
import pingouin
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

PINNED = {"scipy": "1.17.1", "numpy": "2.4.6", "pandas": "3.1.1", "pingouin": "0.7.0", "statsmodels": "0.15.0"}
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


def rank_biserial(binary, values):
    if min(np.ptp(binary), np.ptp(values)) == 0:
        return math.nan, math.nan, math.nan, math.nan
    ones, zeros = values[binary == binary.max()], values[binary == binary.min()]
    result = stats.mannwhitneyu(ones, zeros)
    r = float(2 * result.statistic / (len(ones) * len(zeros)) - 1)
    margin = stats.norm.ppf(0.975) * math.sqrt((len(values) + 1) / (3 * len(ones) * len(zeros)))
    with np.errstate(divide="ignore"):
        return r, *(float(np.tanh(np.arctanh(r) + side * margin)) for side in (-1, 1)), float(result.pvalue)


def partial(asked, a, b, given, binaries):
    keep = ~(np.isnan(a) | np.isnan(b) | np.isnan(given))
    method = "pearson" if any(binaries) or asked == "pearson" else "spearman"
    frame = pd.DataFrame({"a": a[keep], "b": b[keep], "given": given[keep]})
    n = len(frame)
    if min(np.ptp(frame.a), np.ptp(frame.b)) == 0:
        return [f"partial-{method}", math.nan, math.nan, math.nan, math.nan, n]
    found = pingouin.partial_corr(frame, "a", "b", "given", method=method)
    r, p = float(found["r"].iloc[0]), float(found["p_val"].iloc[0])
    variance = 1 + r * r / 2 if method == "spearman" else 1
    return [f"partial-{method}", r, *interval(r, n, 4, variance), p, n]


def pair(table, asked, given, model, method, a, b):
    binaries = [metric in ("pic", "pointing") for metric in (a, b)]
    a, b = (ordered(table, model, method, metric) for metric in (a, b))
    if given:
        return partial(asked, a, b, ordered(table, model, method, given), binaries)
    if asked == "rank-biserial" and sum(binaries) == 1:
        keep = ~(np.isnan(a) | np.isnan(b))
        a, b = a[keep], b[keep]
        r, low, high, p = rank_biserial(a, b) if binaries[0] else rank_biserial(b, a)
        return [asked, r, low, high, p, len(a)]
    return correlate("spearman" if asked == "rank-biserial" else asked, a, b, binaries)


def correlations(table, asked, given=None):
    metrics = [metric for metric in sorted(DIRECTIONS) if metric != given]
    means = {}
    for model in MODELS:
        rows = []
        for method in METHODS:
            for a, b in itertools.combinations(metrics, 2):
                row = pair(table, asked, given, model, method, a, b)
                means.setdefault((model, a, b, row[0]), []).append(row[1])
                rows.append([model, method, a, b, *row])
        p = np.array([row[8] for row in rows])
        for method in ("holm", "fdr_bh"):
            adjusted = np.full(len(p), math.nan)
            adjusted[~np.isnan(p)] = multipletests(p[~np.isnan(p)], method=method)[1]
            for row, value in zip(rows, adjusted):
                row.append(float(value))
        yield from rows
    for (model, a, b, name), values in means.items():
        values = [value for value in values if not math.isnan(value)]
        yield [model, "mean", a, b, name, float(np.mean(values)), "", "", "", len(values), "", ""]


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
    found = {module.__name__: module.__version__ for module in (scipy, np, pd, pingouin, statsmodels)}
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
    header += ["p_holm", "p_bh"]
    for asked in ("spearman", "pearson", "kendall", "rank-biserial"):
        write(f"{asked}.csv", header, correlations(table, asked))
    for asked in ("spearman", "pearson"):
        write(f"partial-{asked}.csv", header, correlations(table, asked, given="insertion"))
    header = ["model", "metric", "direction", "method", "n", "mean", "ci_low", "ci_high", "rank"]
    write("ranks.csv", header, rankings(table))
    write("separations.csv", ["model", "metric", "rand_dist", "rand_dist_inside", "n"], separations(table))
    a, b = maps()
    np.save(HERE / "maps_a.npy", a)
    np.save(HERE / "maps_b.npy", b)
    header = ["image", "target", "model", "method", "metric", "direction", "value", "reason"]
    write("maps.csv", header, map_correlations(a, b))


main()
