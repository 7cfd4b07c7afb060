"""Writes inference.json beside this file: what other packages say the tests, effect sizes and measures of agreement of `stats` are.

Made with Python 3.11.7 and the packages in PINNED:

    python generate_inference.py

Inputs have at most four decimals, so that every JSON reader reads the same numbers. NaN is null.
"""

import importlib.metadata
import json
import math
import pathlib
import warnings

import krippendorff
import numpy as np
import pandas as pd
import pingouin
import scikit_posthocs
from scipy import stats
from statsmodels.stats.descriptivestats import sign_test
from statsmodels.stats.inter_rater import fleiss_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

PINNED = {
    "scipy": "1.17.1",
    "numpy": "2.4.6",
    "statsmodels": "0.15.0",
    "scikit-posthocs": "0.17.1",
    "krippendorff": "0.9.0",
    "pingouin": "0.7.0",
}
NAN = float("nan")

# Demšar (JMLR 2006), table 6: AUC of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on 14 data sets. By the ranks printed there, the two
# of 0.975 in the row before the last are not equal.
DEMSAR = np.array([
    [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967], [0.628, 0.661, 0.654, 0.657],
    [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931], [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625],
    [0.775, 0.838, 0.866, 0.875], [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.9751, 0.9749], [0.957, 0.978, 0.946, 0.970],
]).T  # fmt: skip

# Fleiss (1971) as Wikipedia works it out: 10 subjects, 14 raters, 5 categories; kappa 0.210.
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip

# Krippendorff (2011, Computing Krippendorff's Alpha-Reliability, section E): ordinal 0.815, interval 0.849.
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]


def number(value):
    value = float(value)
    return None if math.isnan(value) else value


def numbers(values):
    return [number(value) for value in values]


def table(rows):
    return [numbers(row) for row in rows]


def normal(rng, shape):
    return np.round(rng.normal(size=shape), 4)


def sums():
    rng = np.random.default_rng(23)
    for values in (np.full(1100, 0.4), [1.0, 1e100, 1.0, -1e100], normal(rng, 300), 1e8 + normal(rng, 300)):
        total = math.fsum(values)
        yield {"values": numbers(values), "sum": total, "mean": total / len(values)}


def multiple():
    rng = np.random.default_rng(29)
    cases = [[0.03], [0.01, 0.04, 0.03, 0.005], [0.0, 1.0], [0.02] * 5, [0.01, 0.02, 0.02, 0.9, 0.0004, 0.02]]
    cases += [np.round(rng.uniform(size=n) ** 3, 4) for n in (2, 7, 28, 60)]
    for p in cases:
        holm, hochberg = (multipletests(p, method=method)[1] for method in ("holm", "fdr_bh"))
        yield {"p": numbers(p), "holm": numbers(holm), "benjamini_hochberg": numbers(hochberg)}


def proportions():
    for n in (1, 2, 5, 10, 30, 109, 656, 10_000):
        for successes in sorted({0, 1, n // 5 + 2 * math.isqrt(n) // 3, n // 3, n // 2, (n + 1) // 2, n - 1, n} & {*range(n + 1)}):
            for p in (0.5, 0.2):
                low, high = proportion_confint(successes, n, alpha=0.05, method="wilson")
                yield {
                    "successes": successes, "n": n, "p": p, "low": low, "high": high,
                    "p_value": stats.binomtest(successes, n, p).pvalue,
                }  # fmt: skip


def blocks():
    """(name, methods x images); each image ranks the methods."""
    rng = np.random.default_rng(31)
    yield "demsar", -DEMSAR
    yield "three by two", np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 1.0]])
    yield "three by three", np.array([[0.1, 0.4, 0.7], [0.2, 0.5, 0.6], [0.3, 0.9, 0.8]])
    for k, n in ((3, 6), (4, 10), (8, 25), (5, 100), (20, 20)):
        shift = np.linspace(0, 0.5, k)[:, None]
        yield f"normal {k} {n}", np.round(normal(rng, (k, n)) + shift, 4)
        yield f"null {k} {n}", normal(rng, (k, n))
        yield f"ties {k} {n}", rng.integers(0, 3, size=(k, n)).astype(float) + (np.arange(k)[:, None] == 0)


def friedman():
    for name, methods in blocks():
        k, n = methods.shape
        chi, p = stats.friedmanchisquare(*methods)
        f = (n - 1) * chi / (n * (k - 1) - chi)
        yield {
            "name": name,
            "methods": table(methods),
            "mean_ranks": numbers(stats.rankdata(methods, axis=0).mean(axis=1)),
            "chi_squared": chi,
            "p_chi_squared": p,
            "f": f,
            "p_f": stats.f.sf(f, k - 1, (k - 1) * (n - 1)),
            "nemenyi": table(scikit_posthocs.posthoc_nemenyi_friedman(methods.T).to_numpy()),
            "conover": table(scikit_posthocs.posthoc_conover_friedman(methods.T).to_numpy()),
            "w": chi / (n * (k - 1)),
        }


def critical_differences():
    for k in (2, 3, 4, 7, 10, 30):
        for alpha in (0.1, 0.05, 0.001):
            q = stats.studentized_range.ppf(1 - alpha, k, np.inf)
            yield {"k": k, "n": 14, "alpha": alpha, "expected": q / math.sqrt(2) * math.sqrt(k * (k + 1) / (6 * 14))}


def pairs():
    """(name, a, b) of paired samples."""
    rng = np.random.default_rng(37)
    for n in (1, 2, 3, 5, 8, 13, 14, 30, 50, 51, 300):
        a = normal(rng, n)
        yield f"normal {n}", a, np.round(a + normal(rng, n) / 2 + 0.1, 4)
    for n in (3, 6, 10, 13, 16, 40, 60, 200):
        yield f"ties {n}", rng.integers(0, 6, n).astype(float), rng.integers(1, 7, n).astype(float)
    yield "one side", np.arange(9.0) + 1, np.zeros(9)
    yield "one side of many", np.arange(80.0) + 1, np.zeros(80)


def wilcoxon(a, b):
    d = a - b
    d = d[d != 0]
    ties = len(np.unique(np.abs(d))) < len(d)
    if len(d) > 50:
        method = "asymptotic"
    elif ties and len(d) <= 16:
        # All choices of signs, which SciPy takes by itself for up to 13.
        method = stats.PermutationMethod(n_resamples=2**16)
    else:
        method = "exact"
    found = stats.wilcoxon(d, method=method)
    p = found.pvalue if not ties or method != "exact" else all_signs(d)
    return {"statistic": found.statistic, "p_value": p, "n": len(d)}


def all_signs(d):
    """The exact p-value with ties, in whole numbers."""
    ranks = [round(2 * rank) for rank in stats.rankdata(np.abs(d))]
    ways = {0: 1}
    for rank in ranks:
        more = dict(ways)
        for total, count in ways.items():
            more[total + rank] = more.get(total + rank, 0) + count
        ways = more
    plus = sum(rank for rank, one in zip(ranks, d) if one > 0)
    bound = min(plus, sum(ranks) - plus)
    return min(1.0, 2 * sum(count for total, count in ways.items() if total <= bound) / 2 ** len(d))


def signed():
    for name, a, b in pairs():
        d = a - b
        rbc = pingouin.wilcoxon(d[d != 0])["RBC"].iloc[0]
        across = pingouin.mwu(a, b)
        d_z = stats.ttest_rel(a, b).statistic / math.sqrt(len(a)) if len(a) > 1 else NAN
        yield {
            "name": name,
            "a": numbers(a),
            "b": numbers(b),
            "wilcoxon": wilcoxon(a, b),
            "sign": {"statistic": int(np.sum(d > 0)), "p_value": sign_test(d)[1], "n": int(np.sum(d != 0))},
            "cohen_d": number(d_z),
            "rank_biserial_pairs": number(rbc),
            "cliff_delta": number(across["RBC"].iloc[0]),
            "common_language": number(across["CLES"].iloc[0]),
        }


def concordance():
    rng = np.random.default_rng(41)
    cases = [normal(rng, shape) for shape in ((2, 4), (3, 10), (10, 8), (40, 5))]
    cases += [rng.integers(0, 4, size=shape).astype(float) for shape in ((2, 6), (5, 9), (30, 30))]
    cases += [np.round(np.arange(7) + normal(rng, (6, 7)), 4)]
    for raters in cases:
        m, items = raters.shape
        rows = pd.DataFrame([(r, i, raters[r, i]) for r in range(m) for i in range(items)], columns=["rater", "item", "value"])
        found = pingouin.friedman(rows, dv="value", within="item", subject="rater")
        yield {
            "raters": table(raters),
            "w": number(found["W"].iloc[0]),
            "chi_squared": number(found["Q"].iloc[0]),
            "p_value": number(found.filter(like="p").iloc[0, 0]),
        }


def alphas():
    rng = np.random.default_rng(43)
    cases = [np.array(KRIPPENDORFF, float)]
    for raters, units, values in ((2, 10, 3), (3, 8, 5), (6, 40, 4), (10, 60, 100)):
        truth = rng.integers(0, values, units)
        ratings = (truth + rng.integers(-1, 2, (raters, units))).astype(float)
        sparse = ratings.copy()
        sparse[rng.uniform(size=ratings.shape) < 0.3] = NAN
        cases += [ratings, sparse, rng.integers(0, values, (raters, units)).astype(float)]
    # Ranks of methods by metrics, with ties.
    cases.append(stats.rankdata(np.round(rng.normal(size=(7, 12)) + np.arange(12) / 4, 1), axis=1))
    cases.append(normal(rng, (3, 20)))
    for ratings in cases:
        yield {
            "raters": table(ratings),
            "ordinal": krippendorff.alpha(ratings, level_of_measurement="ordinal"),
            "interval": krippendorff.alpha(ratings, level_of_measurement="interval"),
        }


def kappas():
    rng = np.random.default_rng(47)
    cases = [np.array(FLEISS)]
    for subjects, raters, categories in ((2, 2, 2), (5, 3, 2), (30, 22, 2), (30, 6, 4)):
        chances = rng.dirichlet(np.full(categories, 0.7), subjects)
        cases.append(np.array([rng.multinomial(raters, chance) for chance in chances]))
    for counts in cases:
        yield {"counts": counts.tolist(), "kappa": number(fleiss_kappa(counts))}


def partials():
    rng = np.random.default_rng(53)
    for n in (5, 6, 10, 30, 100):
        for values in (None, 4):
            given, noise = normal(rng, n), normal(rng, (2, n))
            a, b = (np.round(given * weight + noise[at], 4) for at, weight in enumerate((1.0, -0.5)))
            if values:
                a, b, given = (np.floor(sample * values / 2) for sample in (a, b, given))
            data = pd.DataFrame({"a": a, "b": b, "given": given})
            case = {"a": numbers(a), "b": numbers(b), "given": numbers(given)}
            for method in ("pearson", "spearman"):
                found = pingouin.partial_corr(data, x="a", y="b", covar="given", method=method)
                r = float(found["r"].iloc[0])
                spread = 1 if method == "pearson" else 1 + r * r / 2
                margin = stats.norm.ppf(0.975) * math.sqrt(spread / (n - 4))
                if max(abs(data.corr(method)["given"][["a", "b"]])) > 1 - 1e-9:
                    # Where nothing is left to correlate, the pseudo-inverse gives a number that says nothing.
                    case[method] = {"coefficient": None, "p_value": None, "n": n, "low": None, "high": None}
                    continue
                case[method] = {
                    "coefficient": r,
                    "p_value": number(found.filter(like="p").iloc[0, 0]),
                    "n": n,
                    "low": math.tanh(math.atanh(r) - margin),
                    "high": math.tanh(math.atanh(r) + margin),
                }
                if method == "pearson":
                    pingouins = found.filter(like="CI").iloc[0, 0]
                    assert np.allclose(pingouins, [case[method]["low"], case[method]["high"]], atol=0.006), pingouins
            yield case


def rank_biserials():
    rng = np.random.default_rng(59)
    for ones, zeros in ((1, 1), (1, 6), (3, 4), (8, 8), (8, 60), (9, 9), (20, 80), (60, 150)):
        for values in (None, 5):
            value = normal(rng, ones + zeros) + np.repeat([0.3, 0.0], [ones, zeros])
            value = np.round(value, 4) if values is None else np.floor(value * values / 3)
            if len(set(value)) < 2:
                continue
            binary = np.repeat([1.0, 0.0], [ones, zeros])
            order = rng.permutation(ones + zeros)
            r = float(pingouin.mwu(value[:ones], value[ones:])["RBC"].iloc[0])
            margin = stats.norm.ppf(0.975) * math.sqrt((ones + zeros + 1) / (3 * ones * zeros))
            with np.errstate(divide="ignore"):
                low, high = np.tanh(np.arctanh(r) - margin), np.tanh(np.arctanh(r) + margin)
            yield {
                "binary": numbers(binary[order]), "values": numbers(value[order]), "ones": ones, "coefficient": r,
                "p_value": stats.mannwhitneyu(value[:ones], value[ones:]).pvalue, "n": ones + zeros,
                "low": low, "high": high,
            }  # fmt: skip


def main():
    found = {name: importlib.metadata.version(name) for name in PINNED}
    if found != PINNED:
        raise SystemExit(f"expected {PINNED}, found {found}")
    print(found)
    warnings.simplefilter("ignore")
    makers = (
        sums, multiple, proportions, friedman, critical_differences, signed, concordance, alphas, kappas, partials, rank_biserials,
    )  # fmt: skip
    # One case to a line.
    sections = [f'"versions": {json.dumps(found)}']
    for maker in makers:
        lines = ",\n".join(json.dumps(case, allow_nan=False, default=float) for case in maker())
        sections.append(f'"{maker.__name__}": [\n{lines}\n]')
    path = pathlib.Path(__file__).with_name("inference.json")
    path.write_text("{\n" + ",\n".join(sections) + "\n}\n")


main()
