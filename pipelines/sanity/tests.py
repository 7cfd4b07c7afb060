#!/usr/bin/env python3
"""Tests of results.py with cases worked by hand. run.sh runs them first."""

import math
import pathlib
import tempfile
import unittest

import document
import results

HEAD = "image,target,model,method,metric,direction,value,reason\n"


class Results(unittest.TestCase):
    def test_boxes_are_tukeys(self):
        found = results.box([1, 2, 3, 4, 5, 6, 7, 8, 9, 40])
        self.assertEqual([found[name] for name in ("quartile_low", "median", "quartile_high")], [3.25, 5.5, 7.75])
        self.assertEqual([found["whisker_low"], found["whisker_high"], found["outside"]], [1, 9, 1])
        self.assertEqual(results.box([2])["whisker_high"], 2)

    def test_a_step_is_read_from_the_model(self):
        step = lambda model: results.step_of({"model": model})
        self.assertEqual(step("cifar-vit+cascading:blocks.5@12345678"), ("cascading", "blocks.5"))
        self.assertEqual(step("net+independent:fc,seed=1@12345678"), ("independent", "fc,seed=1"))
        self.assertEqual(step("cifar-vit@12345678"), ("permuted", "labels"))

    def test_verdicts_are_of_whole_intervals(self):
        self.assertEqual([results.verdict(side, 0.5, 10, *ends) for side in (1, -1) for ends in ((0.6, 0.7), (0.1, 0.2), (0.4, 0.6))],
                         ["holds", "fails", "undecided", "fails", "holds", "undecided"])
        self.assertEqual(results.verdict(1, 0.5, 9, 0.6, 0.7), "undecided")

    def test_differences_are_of_images_that_have_both(self):
        nan = math.nan
        self.assertEqual(results.paired({"a": 0.5, "b": nan, "c": 1.0}, {"a": 0.25, "b": 0.0, "d": 1.0}), [0.25])

    def test_a_folder_of_scores_becomes_three_tables_and_a_document(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder)
            (out / "resnet").mkdir()
            (out / "resnet/settings").write_text("")
            lines = [f"{i},0,net+cascading:all@1,{method},{metric},higher,{value},\n"
                     for i in range(10) for metric in ("spearman", "spearman-abs")
                     for method, value in (("gradient", 0.1), ("edge", 1))]
            lines.append('10,0,net+cascading:all@1,gradient,spearman,higher,NaN,a map is constant\n')
            (out / "resnet/scores-a.csv").write_text(HEAD + "".join(lines))
            results.main(out)
            means = {(row["method"], row["metric"]): row for row in results.rows(out / "steps.csv")}
            row = means["gradient", "spearman"]
            self.assertEqual([row["mean"], row["n"], row["undefined"]], ["0.1", "10", "1"])
            verdicts = {row["claim"]: row["verdict"] for row in results.rows(out / "claims.csv")}
            self.assertEqual(verdicts["the gradient is sensitive: signed, all layers"], "holds")
            self.assertIn("0.10 (0.10 to 0.10)", dict(document.blocks(out))["resnet cascading spearman"])


if __name__ == "__main__":
    unittest.main()
