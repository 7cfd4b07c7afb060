"""In place of `perturb`: the most relevant pixels of each image become its mean colour, tenth by tenth.

    python3 perturb_deletion.py --model "exec:python3 serve_colours.py" maps.csv | score

Reads the rows of `explain`. The classifier is a program of docs/exec.md; images are prepared as by --preprocess none: 0..1, in
their own size. For another test change `shown`, and call it as one that `score` knows: deletion, insertion, pos, neg, mask, ..."""
import argparse
import json
import pathlib
import sys

import numpy as np

import stage
from classifier import Classifier

STEPS = 10
TEST = f"deletion:fill=mean,steps={STEPS}"
COLUMNS = ["image", "target", "model", "method", "test", "fraction", "probability", "predicted", "point", "points"]


def shown(image, saliency):
    """What the classifier is shown, (STEPS + 1, 3, H, W), first the image (3, H, W) itself."""
    # Of equal values the first pixel comes first, row by row.
    place = np.argsort(np.argsort(-saliency, axis=None, kind="stable")).reshape(saliency.shape)
    counts = [(2 * step * place.size + STEPS) // (2 * STEPS) for step in range(STEPS + 1)]  # rounded, halves up
    return np.stack([np.where(place < count, image.mean(axis=(1, 2), keepdims=True), image) for count in counts])


def curve(row, classifier):
    """The rows of one map; ValueError where there is no curve."""
    image, saliency = stage.image(row["image"]).transpose(2, 0, 1), stage.array(row["map"], row.get("map_index"))
    sidecar = pathlib.Path(row["map"]).with_suffix(".json")
    if sidecar.exists() and json.loads(sidecar.read_text()).get("preprocess", {}).get("name", "none") != "none":
        raise ValueError("the classifier was shown other images than --preprocess none gives it")
    if saliency.shape != image.shape[1:]:
        raise ValueError(f"the map is {saliency.shape}, the image {image.shape[1:]}")
    if not np.isfinite(saliency).all() or np.ptp(saliency) == 0:
        raise ValueError("the map has no order: it is constant or not finite")
    probabilities = classifier.probabilities(shown(image, saliency))
    target = stage.whole(row["target"]) if row["target"] else probabilities[0].argmax()
    if not 0 <= target < probabilities.shape[1]:
        raise ValueError(f"the classifier has no class {target}")
    return [
        {**row, "target": target, "test": TEST, "fraction": point / STEPS, "probability": of_classes[target],
         "predicted": of_classes.argmax(), "point": point, "points": STEPS + 1}
        for point, of_classes in enumerate(probabilities)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", help="rows of `explain`; none is standard input")
    parser.add_argument("--model", required=True, metavar="exec:COMMAND", help="the classifier that was explained")
    parser.add_argument("--name", help="what `explain --name` calls it")
    args = parser.parse_args()
    table, name = stage.read(args.tables, ["image", "target", "method", "map"]), args.name or args.model
    # Rows of a program that names no model are of the one that answers, as all others must be: NAME@HASH.
    model, *others = sorted({row.get("model") or "" for row in table} - {""}) or [name]
    if others or name not in (model, model.rpartition("@")[0]):
        stage.fail(f"the maps explain {' and '.join([model, *others])}, but the classifier here is {name}")
    classifier, rows, failed = Classifier(args.model), [], 0
    for row in table:
        row, reason = {**row, "model": model}, row.get("reason")
        try:
            rows += [] if reason else curve(row, classifier)
        except ValueError as error:
            reason = f"map: {error}"
            stage.note(f"{row['image']}, {row['method']}, {reason}")
            failed += 1
        if reason:  # A map without a curve stays in the table, or nobody would miss it.
            rows.append({**row, "test": TEST, "fraction": "NaN", "probability": "NaN", "reason": reason})
    stage.write(COLUMNS, rows)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
