"""In place of `score`: the least share of the first pixels without which the probability has fallen half way to its end.

    perturb -t deletion maps.csv | python3 score_halfway.py | rank

Reads the rows of `perturb`; those of other tests than deletion are passed over. A value that is not defined is NaN with a reason,
never a number."""
import argparse
import itertools

import numpy as np

import stage

KEY = ["image", "target", "model", "method", "test"]
COLUMNS = ["image", "target", "model", "method", "metric", "direction", "value", "reason"]
# What `perturb` says of a point or a map; all other columns are the image's, and every score carries them.
OF_POINTS = {"test", "fraction", "probability", "predicted", "point", "points", "map", "map_index", "logit", "mass", "information",
             "area", "distance"}


def halfway(fractions, probabilities):
    """The first fraction at which half of the fall from the clean image to the last one is done."""
    clean, last = probabilities[0], probabilities[-1]
    if not clean > last:
        raise ValueError("the probability does not fall")
    return fractions[np.argmax(probabilities <= (clean + last) / 2)]


def value(curve):
    """The metric of a curve's rows; ValueError says why it is not defined."""
    reason = next((row["reason"] for row in curve if row.get("reason")), "")
    if reason:
        raise ValueError(reason)
    # A curve that was cut looks like one that ends early, unless its rows are counted.
    if "points" in curve[0]:
        places = [stage.whole(row.get("point", "")) for row in curve]
        if places != list(range(stage.whole(curve[0]["points"]))):
            raise ValueError(f"of a curve of {curve[0]['points']} points there are {len(places)}, or in another order")
    fractions, probabilities = (np.array([stage.number(row, name) for row in curve]) for name in ("fraction", "probability"))
    if fractions[0] != 0 or not (np.diff(fractions) > 0).all():
        raise ValueError("the fractions do not rise from 0")
    if not ((0 <= probabilities) & (probabilities <= 1 + 1e-5)).all():
        raise ValueError("a probability is not one")
    return halfway(fractions, probabilities)


def scores(rows):
    """A row for each curve, whose rows follow one another."""
    for (*_, test), curve in itertools.groupby(rows, lambda row: [row.get(name, "") for name in KEY]):
        test, colon, parameters = test.partition(":")
        if test != "deletion":
            continue
        curve = list(curve)
        carried = {name: cell for name, cell in curve[0].items() if name not in OF_POINTS}
        # Settings of the test are those of the metric. Where the least relevant pixels go first, the later the better.
        direction = "higher" if "order=lerf" in parameters else "lower"
        score = {**carried, "metric": f"halfway{colon}{parameters}", "direction": direction, "value": "NaN", "reason": ""}
        try:
            score["value"] = value(curve)
        except ValueError as error:
            score["reason"] = error
            stage.note(f"{score['image']}, {score['method']}, {score['metric']}: NaN: {error}")
        yield score


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", help="rows of `perturb`; none is standard input")
    rows = stage.read(parser.parse_args().tables, ["image", "target", "method", "test", "fraction", "probability"])
    stage.write(COLUMNS, scores(rows))


if __name__ == "__main__":
    main()
