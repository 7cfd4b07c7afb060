"""Writes, beside this file, what SciPy, scikit-posthocs and statsmodels say `rank --significance` and `rank --study` should write.

    python generate_pairs.py

Their inputs, pairs.csv and answers.csv, are made here. Columns that depend on a resampling generator are empty.
Versions: ../requirements.txt.
"""

import csv
import itertools
import pathlib
import warnings

import numpy as np
import pandas as pd
import scikit_posthocs
from scipy import stats
from statsmodels.stats.inter_rater import fleiss_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

HERE = pathlib.Path(__file__).parent
LEVEL = 0.95


def write(name, header, rows):
    with open(HERE / name, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        text = lambda cell: "NaN" if cell != cell else repr(float(cell)) if isinstance(cell, float) else cell
        out.writerows([text(cell) for cell in row] for row in rows)


def scores():
    """Five methods, of which two are nearly equal: without ties; with ties and one NaN; two-valued and few."""
    rng = np.random.default_rng(37)
    quality = {"gradcam": 0.5, "ig:steps=20": 0.1, "random": -0.6, "rise": 0.45, "shap": 0.2}
    kinds = {
        "insertion": ("higher", 30, lambda q, n: np.round(0.5 + 0.1 * (q + rng.normal(size=n)), 6)),
        "deletion": ("lower", 90, lambda q, n: np.round(0.5 - 0.1 * (q + rng.normal(size=n)), 1)),
        "pointing": ("higher", 12, lambda q, n: 1.0 * (q + rng.normal(size=n) > 0)),
    }
    for metric, (direction, n, draw) in kinds.items():
        hard = 0.5 * rng.normal(size=n)
        for method, q in quality.items():
            values = draw(q + hard, n)
            if (metric, method) == ("deletion", "rise"):
                values[7] = np.nan
            yield from ([f"{i:02}.jpg", i % 5, "resnet50", method, metric, direction, float(v)] for i, v in enumerate(values))


def holm(values):
    """NaN is a test that was not made."""
    adjusted, made = np.full(len(values), np.nan), ~np.isnan(values)
    if made.any():
        adjusted[made] = multipletests(np.array(values)[made], method="holm")[1]
    return adjusted


def cliques(ranks, differ):
    """All sets of neighbours in which no two differ and that are in no other one, by number."""
    order = sorted(range(len(ranks)), key=lambda at: ranks[at])
    runs = [set(order[i:j]) for i in range(len(order)) for j in range(i + 2, len(order) + 1)]
    runs = [run for run in runs if not any(differ[a, b] for a, b in itertools.combinations(sorted(run), 2))]
    return [run for run in runs if not any(run < other for other in runs)]


def differences(a, b):
    d = (a - b)[a != b]
    if len(d) == 0:
        return np.nan, np.nan, np.nan
    # Exact where SciPy can be: with ties it tries all signs of few, and approximates for many.
    method = stats.PermutationMethod(n_resamples=np.inf) if len(d) <= 13 else "auto"
    wilcoxon = stats.wilcoxon(d, method=method).pvalue
    sign = stats.binomtest(int((d > 0).sum()), len(d)).pvalue
    ranks = stats.rankdata(abs(d))
    return wilcoxon, sign, (ranks[d > 0].sum() - ranks[d < 0].sum()) / ranks.sum()


def cohen_d(a, b):
    d = a - b
    return float(d.mean() / d.std(ddof=1)) if np.ptp(d) > 0 else np.nan


def significance(scores):
    for (model, metric, direction), rows in scores.groupby(["model", "metric", "direction"]):
        table = rows.pivot(index=["image", "target"], columns="method", values="value").dropna()
        good = table * (1 if direction == "higher" else -1)
        n, k = good.shape
        names, values = list(good.columns), good.to_numpy()
        ranks = stats.rankdata(-values, axis=1).mean(axis=0)
        chi, p_friedman = stats.friedmanchisquare(*values.T)
        f = (n - 1) * chi / (n * (k - 1) - chi)
        nemenyi = scikit_posthocs.posthoc_nemenyi_friedman(values).to_numpy()
        conover = scikit_posthocs.posthoc_conover_friedman(values).to_numpy()
        critical = stats.studentized_range.ppf(LEVEL, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n))
        groups = cliques(ranks, nemenyi <= 1 - LEVEL)
        pairs = list(itertools.combinations(range(k), 2))
        tests = np.array([differences(values[:, a], values[:, b]) for a, b in pairs])
        p_conover = holm(np.array([conover[a, b] for a, b in pairs]))
        p_wilcoxon, p_sign = holm(tests[:, 0]), holm(tests[:, 1])
        for at, (a, b) in enumerate(pairs):
            wins = float(((values[:, a] > values[:, b]) + 0.5 * (values[:, a] == values[:, b])).mean())
            yield [
                model, metric, direction, names[a], names[b], n, float(ranks[a]), float(ranks[b]),
                float(chi), float(p_friedman), float(f), float(stats.f.sf(f, k - 1, (k - 1) * (n - 1))), float(critical),
                ";".join(str(i + 1) for i, group in enumerate(groups) if {a, b} <= group),
                float(nemenyi[a, b]), float(p_conover[at]), float(p_wilcoxon[at]), float(p_sign[at]), float(tests[at, 2]),
                cohen_d(values[:, a], values[:, b]), wins, str(bool(p_wilcoxon[at] <= 1 - LEVEL)).lower(),
            ]


def answers():
    """Two groups of four images and seven participants, of whom one has left two questions open, and one group of which
    everybody says the same."""
    rng = np.random.default_rng(31)
    shares = {"resnet50, blur": [0.95, 0.9, 0.2, 0.8], "resnet50, delete": [0.6, 0.5, 0.1, 0.7], "vit, blur": [1, 1]}
    for group, of_images in shares.items():
        for image, share in enumerate(of_images):
            methods = ["gradcam", "rise"] if (image + len(group)) % 2 else ["rise", "gradcam"]
            for participant in range(7):
                chosen = methods[int(rng.random() >= share)]
                skipped = group == "resnet50, delete" and participant == 3 and image in (1, 2)
                name = f"{group.split(',')[0]}-{group[-1]}{image}.jpg"
                yield [f"p{participant + 1}", group, name, *methods, "" if skipped else chosen]


def kappa(counts):
    """That of statsmodels, which needs equally many raters; the formula of Fleiss where there are not."""
    counts = np.array(counts, float)
    raters = counts.sum(axis=1)
    with np.errstate(invalid="ignore"):
        agreement = (((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))).mean()
        chance = ((counts.sum(axis=0) / counts.sum()) ** 2).sum()
        found = float((agreement - chance) / (1 - chance))
    if np.ptp(raters) == 0 and found == found:
        assert abs(found - fleiss_kappa(counts)) < 1e-14
    return found


def study(rows):
    def row(group, rows):
        images = {}
        for participant, _, image, a, _, chosen in rows:
            if chosen:
                images.setdefault(image, [0, 0])[int(chosen != a)] += 1
        first, n = sum(counts[0] for counts in images.values()), sum(sum(counts) for counts in images.values())
        low, high = proportion_confint(first, n, 1 - LEVEL, method="wilson")
        people = len({row[0] for row in rows if row[-1]})
        p = float(stats.binomtest(first, n).pvalue)
        return [group, n, people, len(images), first / n, float(low), float(high), p, "", "", kappa(list(images.values())), "", ""]

    groups = [row(group, [r for r in rows if r[1] == group]) for group in sorted({r[1] for r in rows})]
    kappas = [r[10] for r in groups if r[10] == r[10]]
    yield from ([*r, "", ""] for r in groups)
    yield [*row("all", rows), float(np.mean(kappas)), float(np.std(kappas, ddof=1))]


def main():
    warnings.simplefilter("ignore")
    header = ["image", "target", "model", "method", "metric", "direction", "value"]
    write("pairs.csv", header, scores())
    header = "model,metric,direction,method_a,method_b,n,mean_rank_a,mean_rank_b,chi_square,p_friedman,f_statistic,p_iman_davenport"
    header += ",critical_difference,cliques,p_nemenyi,p_conover,p_wilcoxon,p_sign,rank_biserial,cohen_d,win_rate,significant"
    write("significance.csv", header.split(","), significance(pd.read_csv(HERE / "pairs.csv")))
    rows = list(answers())
    write("answers.csv", ["participant", "group", "image", "method_a", "method_b", "chosen"], rows)
    header = "group,n,participants,images,preference,ci_low,ci_high,p_value,images_low,images_high"
    header += ",kappa,kappa_low,kappa_high,kappa_mean,kappa_sd"
    write("study.csv", header.split(","), study(rows))


main()
