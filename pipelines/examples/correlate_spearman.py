"""In place of `correlate`: Spearman's coefficient of every two metrics over the images, for each method, and its mean over methods.

    score answers.csv | python3 correlate_spearman.py

Reads the rows of `score`, each model by itself. Metrics that are better when lower are turned round first, so that positive means
agreement. `correlate` gives the same numbers wherever it says `spearman`; of metrics with two values it takes the values."""
import argparse
import collections
import itertools

import numpy as np

import stage

COLUMNS = ["model", "method", "metric_a", "metric_b", "coefficient", "correlation", "n"]


def ranks(values):
    """1 for the least value; equal ones share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def spearman(a, b):
    """Pearson's coefficient of the ranks; NaN if either is constant."""
    a, b = (ranks(values) - (len(values) + 1) / 2 for values in (a, b))
    scale = np.sqrt((a @ a) * (b @ b))
    return a @ b / scale if scale > 0 else np.nan


def correlations(values, directions):
    """A row for each model, method and pair of metrics, and after those of a model the means."""
    samples = collections.defaultdict(dict)
    for (model, metric), methods in values.items():
        for method, of_method in methods.items():
            sign = 1 if directions[metric] == "higher" else -1
            samples[model, method][metric] = {item: sign * value for item, value in of_method.items()}
    means = collections.defaultdict(list)
    for (model, method), metrics in sorted(samples.items()):
        for a, b in itertools.combinations(sorted(metrics), 2):
            # An image without a number from both is left out of the pair.
            pairs = np.array([(x, metrics[b].get(item, np.nan)) for item, x in metrics[a].items()])
            pairs = pairs[~np.isnan(pairs).any(axis=1)]
            correlation = spearman(*pairs.T)
            means[model, a, b].append(correlation)
            yield dict(zip(COLUMNS, (model, method, a, b, "spearman", correlation, len(pairs))))
    for (model, a, b), found in sorted(means.items()):
        found = [correlation for correlation in found if not np.isnan(correlation)]
        mean = np.mean(found) if found else np.nan
        yield dict(zip(COLUMNS, (model, "mean", a, b, "spearman", mean, len(found))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", help="rows of `score`; none is standard input")
    stage.write(COLUMNS, correlations(*stage.scores(parser.parse_args().tables)))


if __name__ == "__main__":
    main()
