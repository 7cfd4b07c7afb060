"""Writes, beside this file, two packs of four maps and `randomised.csv`: what Quantus (its similarity and complexity functions, given the maps) and
scikit-image say of the pairs, in the form of `score --against`. Map 3 of the second pack is constant.

Made with Python 3.11.7, Quantus 0.6.0, SciPy 1.17.1, scikit-image 0.26.0 and NumPy 2.4.6:

    python generate_randomised.py
"""

import csv
import pathlib
import warnings

import numpy as np
from quantus.functions import complexity_func, similarity_func

HERE = pathlib.Path(__file__).parent


def maps():
    rng = np.random.default_rng(17)
    a = rng.normal(size=(4, 12, 10)).astype("<f4")
    b = (np.array([0.7, -0.5, 0, 0]).reshape(-1, 1, 1) * a + rng.normal(size=a.shape)).astype("<f4")
    b[3] = 0.25
    return a, b


def scores(a, b):
    flat = lambda f: lambda x, y: float(f(x.ravel(), y.ravel()))
    spearman, pearson = flat(similarity_func.correlation_spearman), flat(similarity_func.correlation_pearson)
    ssim = lambda x, y: float(similarity_func.ssim(x, y))
    magnitudes = lambda f: lambda x, y: f(np.abs(x), np.abs(y))
    entropy = lambda x, bins: float(complexity_func.discrete_entropy(x, None, n_bins=bins))
    rise = lambda bins: lambda x, y: (entropy(y, bins) - entropy(x, bins)) / entropy(x, bins)
    yield "complexity-rise", "higher", rise(100)(a, b)
    yield "complexity-rise:bins=7", "higher", rise(7)(a, b)
    yield "spearman", "higher", spearman(a, b)
    yield "pearson", "higher", pearson(a, b)
    yield "spearman-abs", "higher", magnitudes(spearman)(a, b)
    yield "parameter-randomisation", "lower", spearman(a, b)
    yield "parameter-randomisation:sign=absolute", "lower", magnitudes(spearman)(a, b)
    yield "parameter-randomisation:similarity=ssim", "lower", ssim(a, b)
    yield "ssim", "higher", ssim(a, b)
    yield "ssim:sign=absolute", "higher", magnitudes(ssim)(a, b)


def main():
    warnings.simplefilter("ignore")
    a, b = maps()
    np.save(HERE / "randomised_a.npy", a)
    np.save(HERE / "randomised_b.npy", b)
    with open(HERE / "randomised.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["image", "target", "model", "method", "metric", "direction", "value", "reason"])
        for i in range(len(a)):
            for metric, direction, value in scores(a[i].astype(float), b[i].astype(float)):
                constant = i == 3 and not metric.startswith("ssim")
                cells = ["NaN", "a map is constant"] if constant else [repr(value), ""]
                out.writerow([f"{i}.jpg", 10 + i, "untrained", "ig", metric, direction, *cells])


main()
