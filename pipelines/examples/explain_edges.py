"""In place of `explain`: edge maps, which know nothing of the classifier. A map that is no better than these is none.

    python3 explain_edges.py images.csv | perturb ...            a table with a column `image`, and `target` if you choose the class
    python3 explain_edges.py maps.csv > edges.csv                rows of `explain`: the same images and classes, by another method

Sanity checks of saliency maps compare with edges too (Adebayo et al. 2018). A map has the size of the network's input, so `perturb`
wants a --preprocess that keeps the size. Every other column (`model`, `list`, labels, boxes) is carried on."""
import argparse
import hashlib
import pathlib
import sys

import numpy as np

import stage

METHOD = "edges"
COLUMNS = ["image", "target", "model", "method", "map", "map_index", "reason"]


def explain(image):
    """The map of an image (H, W, 3): the gradient's length of its brightness (ITU-R 601)."""
    return np.hypot(*np.gradient(image @ [0.299, 0.587, 0.114]))


def save(saliency, folder):
    """Saves a map under the hash of what it holds, so that no run overwrites what another one's table names; its path."""
    path = folder / METHOD / f"{hashlib.sha256(saliency.tobytes()).hexdigest()[:16]}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, saliency)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", help="tables of images; none is standard input")
    parser.add_argument("-o", "--out", type=pathlib.Path, default="maps", help="folder for the maps [default: maps]")
    args = parser.parse_args()
    # The table of `explain` has a row for each method: an image and its class are explained once.
    asked = {(row["image"], row.get("target", "")): row for row in stage.read(args.tables, ["image"])}
    rows, failed = [], 0
    for (image, target), row in asked.items():
        row = {**row, "target": target, "method": METHOD, "map": "", "map_index": "", "reason": ""}
        try:
            row["map"] = save(explain(stage.image(image)), args.out)
        except ValueError as error:
            row["reason"] = f"open: {error}"  # A row with a reason goes on to the end, where it is counted.
            stage.note(f"{image}, {row['reason']}")
            failed += 1
        rows.append(row)
    stage.write(COLUMNS, rows)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
