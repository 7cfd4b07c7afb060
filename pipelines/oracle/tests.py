#!/usr/bin/env python3
"""Tests of arithmetic.py against SciPy 1.17.1, statsmodels 0.15.0 and cases worked by hand, and of wrong.py. run.sh runs them first."""

import math
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import arithmetic  # noqa: E402
import wrong  # noqa: E402


class Arithmetic(unittest.TestCase):
    def near(self, found, wanted):
        for a, b in zip(found, wanted, strict=True):
            self.assertAlmostEqual(a, b, places=14)

    def test_wilson(self):
        self.near(arithmetic.wilson(0, 10), (0, 0.27753279986288926))
        self.near(arithmetic.wilson(3, 10), (0.10779126740630102, 0.6032218525388546))
        self.near(arithmetic.wilson(10, 10), (0.7224672001371109, 1))
        self.near(arithmetic.wilson(17, 300), (0.035677476463289524, 0.08886595802247463))
        self.assertTrue(math.isnan(arithmetic.wilson(0, 0)[0]))

    def test_rank_correlations_with_ties(self):
        a, b = [1, 2, 2, 4, 5, 7, 3], [2, 1, 3, 3, 6, 5, 5]
        self.near([arithmetic.kendall(a, b)], [0.6155870112510924])
        self.near([arithmetic.spearman(a, b)], [0.7798493336311721])
        self.near([arithmetic.kendall(a, [-x for x in a]), arithmetic.spearman(a, a)], [-1, 1])
        self.assertTrue(math.isnan(arithmetic.kendall(a, [1] * 7)))
        self.assertTrue(math.isnan(arithmetic.spearman([1] * 7, a)))

    def test_sign_test(self):
        self.near([arithmetic.sign_test(8, 2), arithmetic.sign_test(0, 7)], [0.109375, 0.015625])
        self.near([arithmetic.sign_test(5, 5), arithmetic.sign_test(0, 0)], [1, 1])
        self.near([arithmetic.sign_test(120, 180)], [0.0006342200069283566])

    def test_holm(self):
        self.near(arithmetic.holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])

    def test_interval(self):
        self.near(arithmetic.interval([3, 1, math.nan, 4, 1, 5, 9, 2, 6]), (1, 8.475))
        self.assertTrue(math.isnan(arithmetic.interval([math.nan])[0]))

    def test_resampling(self):
        draws = arithmetic.resamples(5, 3, seed=1)
        self.assertEqual(draws, arithmetic.resamples.__wrapped__(5, 3, seed=1))
        self.assertTrue(all(len(draw) == 5 and set(draw) <= set(range(5)) for draw in draws))
        self.assertEqual(arithmetic.mean_interval([2, 2, 2]), (2, 2, 2))
        # The mean of n values with deviation s has the deviation s / sqrt(n): here half, so that the interval is 1.96 wide.
        middle, low, high = arithmetic.mean_interval([0, 1] * 100)
        self.assertEqual(middle, 0.5)
        self.assertAlmostEqual(high - low, 2 * 1.96 * 0.5 / math.sqrt(200), delta=0.015)

    def test_resampling_covers(self):
        """95 % intervals of the mean of 100 values hold the true mean in 92 to 98 % of 400 cases."""
        generator = random.Random(0)
        draws = arithmetic.resamples(100, 400)
        held = 0
        for _ in range(400):
            values = [generator.gauss(0, 1) for _ in range(100)]
            low, high = arithmetic.interval([sum(map(values.__getitem__, draw)) / 100 for draw in draws])
            held += low <= 0 <= high
        self.assertTrue(0.92 <= held / 400 <= 0.98, held)


class Wrong(unittest.TestCase):
    ROWS = [[4 * y + x for x in range(4)] for y in range(4)]

    def test_inverted_maps_turn_the_order_round(self):
        self.assertEqual(wrong.inverted([[3, 1], [2, -1]]), [[0, 2], [1, 4]])

    def test_shifted_maps_are_rolled_by_a_quarter(self):
        found = wrong.shifted(self.ROWS)
        self.assertEqual(found[1][1:], self.ROWS[0][:3])
        self.assertEqual(found[0], [15, 12, 13, 14])
        self.assertEqual(sorted(sum(found, [])), sorted(sum(self.ROWS, [])))

    def test_maps_are_read_as_they_were_written_and_the_next_image_lends_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            wrong.write(folder / "m.npy", [self.ROWS, wrong.inverted(self.ROWS), self.ROWS])
            place = lambda i: {"image": f"{i}.png", "label": str(i), "method": "m", "map": str(folder / "m.npy"), "map_index": str(i)}
            self.assertEqual([list(row) for row in wrong.read(place(0))], self.ROWS)
            made = {(row["image"], row["method"]): row for row in wrong.wrong([place(i) for i in range(3)], folder)}
            self.assertEqual(len(made), 9)
            other = [[list(row) for row in wrong.read(made[f"{i}.png", "m!other"])] for i in range(3)]
            self.assertEqual(other, [wrong.inverted(self.ROWS), self.ROWS, self.ROWS])


if __name__ == "__main__":
    unittest.main()
