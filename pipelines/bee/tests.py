#!/usr/bin/env python3
"""Tests of results.py and document.py with cases worked by hand. run.sh runs them first."""

import csv
import gzip
import pathlib
import tempfile
import unittest

import document
import results

SCORES = ["image", "target", "model", "method", "metric", "direction", "value", "reason"]
TRIED = ["image", "target", "model", "method", "draw", "arm", "metric", "score", "best_draw", "best", "chances", "reason"]


def put(path, head, lines):
    opened = gzip.open(path, "wt", newline="") if path.suffix == ".gz" else open(path, "w", newline="")
    with opened as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(head)
        out.writerows(lines)


def scores(path, values):
    """Of each (method, metric) the values of ten images."""
    put(path, SCORES, [[i, 0, "net@1", method, metric, "lower", value + i, ""] for (method, metric), value in values.items() for i in range(10)])


class Results(unittest.TestCase):
    def test_methods_have_names_and_metrics(self):
        told = lambda spec: (results.label(spec), results.adapted_to(spec))
        self.assertEqual(told("nbee:images=5,samples=1"), ("one draw", "pos"))
        self.assertEqual(told("nbee:samples=16"), ("nbee", "pos"))
        self.assertEqual(told("eea:explainer=own,select=(sic)"), ("eea", "sic"))
        self.assertEqual(told("peea:explainer=mixed")[0], "peea, mixed")
        self.assertEqual(told("best-of:methods=(gradcam)(lrp),metric=(adp)"), ("best-of", "adp"))
        self.assertEqual([results.part(spec) for spec in ("act-ig:steps=5", "act-ig", "nbee:metric=(sic),layers=a.b+c", "blur-ig:steps=10")],
                         ["act-ig:steps=5", "act-ig", "a.b+c", "blur-ig"])

    def test_a_gain_is_of_what_is_better(self):
        self.assertEqual(results.gains("pos", {"a": 1.0, "b": 5.0}, {"a": 3.0, "c": 1.0}), [2.0])
        self.assertEqual(results.gains("neg", {"a": 1.0}, {"a": 3.0}), [-2.0])

    def study(self, folder, best=3.0):
        """ACT-IG has a POS of 7, fBEE adapted to POS one of 3 and a NEG of 1; one draw has 5 of both."""
        net = pathlib.Path(folder) / "net"
        net.mkdir()
        scores(net / "scores-fixed.csv", {("act-ig", "pos"): 7.0, ("nbee:samples=1", "pos"): 5.0, ("nbee:samples=1", "neg"): 5.0})
        scores(net / "scores-pos.csv", {("fbee", "pos"): 3.0, ("pbee", "pos"): 4.0, ("fbee", "neg"): 1.0})
        put(net / "tried-pos.csv", TRIED, [[i, 0, "net@1", "fbee", 0, "blur", "pos", best + i, 0, best + i, "", ""] for i in range(10)])
        drawn = [[i, 0, "net@1", "pbee:samples=64", draw, "blur" if draw < 4 else "normal", "pos", 9 - draw, draw, 9 - draw,
                  "blur:0.25 normal:0.75", ""] for i in range(10) for draw in range(8)]
        put(net / "draws-pos.csv.gz", TRIED, drawn)
        scores(net / "scores-steps-5.csv", {("act-ig:steps=5", "pos"): 8.0})
        (net / "seconds.csv").write_text("steps-5,2.5\n")
        return pathlib.Path(folder)

    def test_a_folder_becomes_tables_and_a_document(self):
        with tempfile.TemporaryDirectory() as folder:
            out = self.study(folder)
            results.main(out)
            table = lambda name: results.rows(out / f"{name}.csv")
            own = {(row["label"], row["metric"]): float(row["mean"]) for row in table("adapted")}
            self.assertEqual([own["fbee", "pos"], own["act-ig", "pos"]], [7.5, 11.5])
            self.assertNotIn(("fbee", "neg"), own)
            others = {(row["label"], row["adapted"], row["metric"]): float(row["mean"]) for row in table("others")}
            self.assertEqual([others["fbee", "pos", "pos"], others["fbee", "pos", "neg"]], [2.0, -4.0])
            draws = {(row["label"], row["draws"]): float(row["mean"]) for row in table("draws")}
            self.assertEqual([draws["pbee", "1"], draws["pbee", "4"], draws["pbee", "8"]], [9.0, 6.0, 2.0])
            shares = {row["kind"]: float(row["share"]) for row in table("kinds")}
            self.assertEqual(shares, {"blur": 0.0, "normal": 1.0})
            self.assertEqual({row["kind"]: row["q50"] for row in table("chances")}, {"blur": "0.25", "normal": "0.75"})
            self.assertEqual([row["seconds"] for row in table("parts")], ["2.5"])
            verdicts = {row["claim"]: row["verdict"] for row in table("claims") if row["metric"] == "pos"}
            self.assertEqual(verdicts["fBEE is better than pBEE"], "holds")
            blocks = dict(document.blocks(out, {}))
            self.assertIn("7.5 (5.8 to 9.4)", blocks["net adapted"])
            self.assertIn("fBEE is better than pBEE | net", blocks["claims"])

    def test_a_chosen_map_that_is_scored_otherwise_ends_the_study(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertTrue(results.same(float("nan"), float("nan")) and not results.same(1.0, float("nan")))
            with self.assertRaises(SystemExit) as end:
                results.main(self.study(folder, best=3.5))
            self.assertIn("fbee on 0: pos is 3.0, and 3.5 when the map was chosen", str(end.exception))


if __name__ == "__main__":
    unittest.main()
