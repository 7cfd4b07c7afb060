"""Writes agreement.json beside this file: rankings, and how far they agree according to krippendorff and SciPy.

Made with Python 3.11.7, krippendorff 0.9.0, SciPy 1.17.1 and NumPy 2.4.6:

    python generate_agreement.py

`values` is one row for each ranking. Kendall's W is Friedman's statistic, corrected for ties, over n (k - 1).
"""

import importlib.metadata
import json
import pathlib

import krippendorff
import numpy as np
from scipy import stats

PINNED = {"krippendorff": "0.9.0", "scipy": "1.17.1", "numpy": "2.4.6"}
HERE = pathlib.Path(__file__).parent


def cases():
    rng = np.random.default_rng(31)
    for n, k, weight, digits in [
        (2, 3, 1.0, 6), (5, 4, 0.0, 6), (7, 3, 0.5, 0), (20, 6, 1.0, 1), (20, 6, 0.3, 0), (60, 5, 0.0, 1), (33, 8, 3.0, 0),
    ]:
        yield np.round(rng.normal(size=(n, k)) + weight * np.arange(k), digits)


def main():
    found = {name: importlib.metadata.version(name) for name in PINNED}
    if found != PINNED:
        raise SystemExit(f"expected {PINNED}, found {found}")
    rows = []
    for values in cases():
        ranks = stats.rankdata(values, axis=1)
        n, k = ranks.shape
        w = float(stats.friedmanchisquare(*ranks.T).statistic / (n * (k - 1)))
        alpha = float(krippendorff.alpha(ranks, level_of_measurement="ordinal"))
        rows.append({"values": values.tolist(), "alpha": alpha, "w": w})
    text = ",\n".join(json.dumps(row) for row in rows)
    (HERE / "agreement.json").write_text(f"[\n{text}\n]\n")


main()
