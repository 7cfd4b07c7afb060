"""Writes scipy.json beside this file: what SciPy and NumPy say the crate `stats` should compute.

Made with Python 3.11.7, SciPy 1.17.1 and NumPy 2.4.6:

    python generate.py

Inputs have at most four decimals, so that every JSON reader reads the same numbers. NaN is null.
"""

import hashlib
import json
import math
import pathlib
import struct
import warnings

import numpy as np
import scipy
from scipy import stats

PINNED = {"scipy": "1.17.1", "numpy": "2.4.6"}
NAN = float("nan")


def number(value):
    value = float(value)
    return None if math.isnan(value) else value


def numbers(values):
    return [number(value) for value in values]


def samples():
    """(name, a, b), where a or b may have NaN."""
    rng = np.random.default_rng(7)

    def normal(n):
        return np.round(rng.normal(size=n), 4)

    def related(n, weight):
        a = normal(n)
        return a, np.round(weight * a + normal(n), 4)

    def few(n, values):
        return rng.integers(0, values, size=n).astype(float)

    yield "empty", [], []
    yield "one", [1.0], [2.0]
    yield "two", [1.0, 2.0], [5.0, 3.0]
    yield "two tied", [1.0, 1.0], [5.0, 3.0]
    yield "three", [1.0, 2.0, 3.0], [2.0, 9.0, 5.0]
    yield "three perfect", [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]
    yield "three tied", [1.0, 2.0, 2.0], [3.0, 1.0, 2.0]
    yield "four", [4.0, 1.0, 3.0, 2.0], [1.0, 2.0, 3.0, 5.0]
    yield "four opposite", [1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]
    yield "four independent", [1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 1.0, 3.0]
    yield "five", [3.0, 5.0, 1.0, 4.0, 2.0], [3.0, 5.0, 2.0, 4.0, 1.0]
    yield "constant", [2.5] * 6, normal(6)
    yield "both constant", [0.1] * 6, [0.3] * 6
    yield "all but one constant", [0.0] * 9 + [1.0], normal(10)
    yield "perfect", np.arange(20.0), 3 * np.arange(20.0) + 1
    yield "perfect and negative", np.arange(40.0), -np.arange(40.0)
    yield "one swap in forty", np.arange(40.0), [1.0, 0.0, *range(2, 40)]
    yield "monotone", np.arange(12.0), np.arange(12.0) ** 3
    yield "signed zeros", [0.0, -0.0, 1.0, -1.0, 2.0], [1.0, 2.0, 3.0, 0.0, 3.0]
    yield "nan", [1.0, NAN, 3.0, 4.0, 7.0, 6.0, 5.0], [2.0, 1.0, NAN, 4.0, 5.0, 9.0, 3.0]
    yield "nan leaves two", [1.0, NAN, 3.0, NAN], [2.0, 1.0, 5.0, 4.0]
    yield "nan leaves a constant", [1.0, 1.0, NAN, 1.0], [2.0, 1.0, 5.0, 4.0]
    yield "all nan", [NAN] * 3, [1.0, 2.0, 3.0]
    yield "offset", 10_000 + normal(30), normal(30)
    for n in (5, 8, 10, 15, 20, 30, 33, 34, 50, 100, 300):
        for weight in (0.0, 0.3, -1.0, 5.0):
            yield f"normal {n} {weight}", *related(n, weight)
    for n in (6, 12, 40, 200):
        for values in (2, 3, 10):
            yield f"ties {n} {values}", few(n, values), few(n, values)
            yield f"ties in one {n} {values}", few(n, values), normal(n)
    yield "large", *related(3000, 0.05)
    yield "large ties", few(3000, 7), few(3000, 4)


def kept(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    keep = ~(np.isnan(a) | np.isnan(b))
    return a[keep], b[keep]


def interval(r, n, lost, variance):
    """Fisher's, for pairs without NaN and more of them than are lost."""
    if math.isnan(r):
        return None, None
    if n <= lost:
        return -1.0, 1.0
    margin = stats.norm.ppf(0.975) * math.sqrt(variance / (n - lost))
    with np.errstate(divide="ignore"):
        return tuple(float(np.tanh(np.arctanh(r) + side * margin)) for side in (-1, 1))


def coefficient(function, a, b, lost, variance):
    a, b = kept(a, b)
    # SciPy refuses fewer than two pairs.
    result = function(a, b) if len(a) > 1 else (NAN, NAN)
    r, p = float(result[0]), float(result[1])
    low, high = interval(r, len(a), lost, variance(r))
    return {"coefficient": number(r), "p_value": number(p), "n": len(a), "low": low, "high": high}


def correlations():
    for name, a, b in samples():
        case = {"name": name, "a": numbers(a), "b": numbers(b)}
        case["pearson"] = coefficient(stats.pearsonr, a, b, 3, lambda r: 1)
        case["spearman"] = coefficient(stats.spearmanr, a, b, 3, lambda r: 1 + r * r / 2)
        case["kendall"] = coefficient(stats.kendalltau, a, b, 4, lambda r: 0.437)
        if set(kept(a, b)[0]) == {0.0, 1.0}:
            case["point_biserial"] = coefficient(stats.pointbiserialr, a, b, 3, lambda r: 1)
        yield case


def rankings():
    rng = np.random.default_rng(11)
    cases = [[], [3.0], [NAN], [2.0, NAN, 1.0, 2.0], [1.0] * 5, [0.0, -0.0, 1.0]]
    cases += [rng.integers(0, values, size=50).astype(float) for values in (2, 10, 1000)]
    for values in cases:
        values = np.asarray(values, float)
        # A stable sort of the negated values: equal ones by position, NaN last.
        yield {
            "values": numbers(values),
            "ranks": numbers(stats.rankdata(values, nan_policy="omit")),
            "descending": np.argsort(-values, kind="stable").tolist(),
            "ascending": np.argsort(values, kind="stable").tolist(),
        }


def quantiles():
    rng = np.random.default_rng(13)
    for n in (1, 2, 3, 10, 101):
        values = np.round(rng.normal(size=n), 4)
        for q in (0.0, 0.025, 0.1, 0.5, 0.9, 0.975, 1.0):
            yield {"values": numbers(values), "q": q, "expected": number(np.quantile(values, q))}


def curves():
    rng = np.random.default_rng(17)
    for n in (2, 3, 11, 100):
        x = np.sort(np.round(rng.uniform(-3, 3, size=n), 3))
        y = np.round(rng.normal(size=n), 4)
        area = np.trapezoid(y, x)
        yield {"x": numbers(x), "y": numbers(y), "area": number(area), "mean_height": number(area / (x[-1] - x[0]))}


def separations():
    rng = np.random.default_rng(19)
    for n in (1, 2, 5, 20):
        areas = np.round(rng.uniform(size=n + 1), 4)
        scaled = (areas - areas.min()) / (areas.max() - areas.min())
        away = scaled[1:] - scaled[0]
        yield {
            "areas": numbers(areas[1:]),
            "random": number(areas[0]),
            "rand_dist": number(abs(np.mean(away))),
            "inside": number(np.mean(np.abs(away))),
        }


def chacha8(key, count):
    """The first `count` 64-bit words of ChaCha with 8 rounds, a 64-bit counter and a zero nonce (Bernstein, 2008)."""

    def rotate(x, n):
        return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF

    def quarter(w, a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            w[x] = (w[x] + w[y]) & 0xFFFFFFFF
            w[z] = rotate(w[z] ^ w[x], n)

    words = []
    for block in range(count // 8 + 1):
        start = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), block, 0, 0, 0]
        w = list(start)
        for _ in range(4):
            for i in range(4):
                quarter(w, i, 4 + i, 8 + i, 12 + i)
            for i in range(4):
                quarter(w, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
        words += [(x + y) & 0xFFFFFFFF for x, y in zip(w, start)]
    return [words[2 * i] | words[2 * i + 1] << 32 for i in range(count)]


def generators():
    for seed, key, draw in ((0, ["cat.jpg", "rise"], 0), (42, [], 0), (2**64 - 1, ["", "ä/ñ.png", "x"], 2**40)):
        encoded = struct.pack("<QQ", seed, len(key))
        for part in key:
            encoded += struct.pack("<Q", len(part.encode())) + part.encode()
        digest = hashlib.sha256(encoded + struct.pack("<Q", draw)).digest()
        yield {"seed": seed, "key": key, "draw": draw, "words": chacha8(digest, 20)}


def main():
    found = {"scipy": scipy.__version__, "numpy": np.__version__}
    if found != PINNED:
        raise SystemExit(f"expected {PINNED}, found {found}")
    print(found)
    warnings.simplefilter("ignore")
    golden = {
        "versions": found,
        "correlations": list(correlations()),
        "rankings": list(rankings()),
        "quantiles": list(quantiles()),
        "curves": list(curves()),
        "separations": list(separations()),
        "generators": list(generators()),
    }
    # One case to a line.
    sections = [f'"versions": {json.dumps(golden.pop("versions"))}']
    for name, cases in golden.items():
        lines = ",\n".join(json.dumps(case, allow_nan=False) for case in cases)
        sections.append(f'"{name}": [\n{lines}\n]')
    path = pathlib.Path(__file__).with_name("scipy.json")
    path.write_text("{\n" + ",\n".join(sections) + "\n}\n")


main()
