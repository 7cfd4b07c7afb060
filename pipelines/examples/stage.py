"""What the stages in this folder share: tables and arrays, read and written as the tools do it. To be imported, not run."""
import csv
import functools
import io
import os
import pathlib
import sys

import numpy as np


def note(message):
    """Says one line on standard error."""
    print(f"{pathlib.Path(sys.argv[0]).stem}: {message}", file=sys.stderr)


def fail(message):
    """Says why there is no result and ends the program with exit status 1."""
    note(message)
    sys.exit(1)


def read(files, needed):
    """The rows of some tables, each a dictionary of text; no file, and `-`, is standard input.

    Columns stand in any order. A table that was cut off is refused: the start of a number is a number too."""
    rows = []
    for name in files or ["-"]:
        place = "standard input" if name == "-" else name
        try:
            with open(0 if name == "-" else name, newline="", encoding="utf-8-sig") as file:
                text = file.read()
            table = csv.DictReader(io.StringIO(text), strict=True)
            header = table.fieldnames or []
            for column in needed:
                if column not in header:
                    fail(f"{place}: no column `{column}` in the header `{','.join(header)}`")
            if not text.endswith("\n"):
                fail(f"{place}: the last line has no line end, so the table may have been cut off there")
            for row in table:
                if None in row or None in row.values():
                    fail(f"{place}, line {table.line_num}: not as many cells as the header has")
                rows.append(row)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            fail(f"{place}: {getattr(error, 'strerror', error)}")
    if not rows:
        fail(f"{place}: a header and no rows")
    return rows


def write(columns, rows):
    """Prints rows: these columns, then all others that the rows have, so that what a stage does not know is carried on."""
    rows = list(rows)
    columns = dict.fromkeys([*columns, *(name for row in rows for name in row)])
    out = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    try:
        out.writeheader()
        out.writerows(rows)
        sys.stdout.flush()
    except BrokenPipeError:  # The reader has seen enough, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def number(row, column):
    """A cell as a number; an empty one is NaN."""
    try:
        return float(row[column] or "nan")
    except ValueError:
        fail(f"{row['image']}, column `{column}`: `{row[column]}` is not a number")


def whole(text):
    """A whole number; 281.0 too, which data frames make of 281 as soon as a cell of the column is empty."""
    return int(text.removesuffix(".0"))


def scores(files):
    """What `score` has written, as {(model, metric): {method: {(image, target): value}}}, and the direction of each metric.

    Where the rows know how long their list is (`HASH/LENGTH`), a row that has vanished on the way is an error."""
    values, directions, lists = {}, {}, {}
    for row in read(files, ["image", "target", "method", "metric", "direction", "value"]):
        model, metric, item = row.get("model", ""), row["metric"], (row["image"], row["target"])
        if row["direction"] not in ("higher", "lower"):
            fail(f"{row['image']}, column `direction`: `{row['direction']}` is not `higher` or `lower`")
        if directions.setdefault(metric, row["direction"]) != row["direction"]:
            fail(f"{metric} has two directions")
        if row.get("list") and lists.setdefault(model, row["list"]) != row["list"]:
            fail(f"the scores of {model} are of two lists of images, {lists[model]} and {row['list']}")
        of_method = values.setdefault((model, metric), {}).setdefault(row["method"], {})
        if item in of_method:
            fail(f"{metric}, {row['method']}: {row['image']} (target {row['target']}) has more than one value")
        of_method[item] = number(row, "value")
    for (model, metric), methods in values.items():
        length = lists.get(model, "").partition("/")[2]
        for method, of_method in methods.items():
            if length.isdigit() and len(of_method) != int(length):
                fail(f"{metric}, {method}: {len(of_method)} rows, where the list has {length} images")
    return values, directions


@functools.lru_cache(maxsize=4)
def _file(path):
    return np.load(path, mmap_mode="r", allow_pickle=False)


def array(path, index=""):
    """One of the arrays that a `.npy` file holds, or all of it if there is no index; ValueError if it cannot be read."""
    try:
        return np.array(_file(path)[whole(index)] if index else _file(path), dtype=float)
    except (OSError, EOFError, IndexError) as error:
        raise ValueError(f"{path}: {getattr(error, 'strerror', error)}") from None


def image(name):
    """Image `FILE.npy#INDEX` of an array (n, H, W, 3), in 0..1. With Pillow a photograph is np.asarray(Image.open(name)) / 255."""
    path, _, index = name.rpartition("#")
    if not path:
        raise ValueError("it is not called FILE.npy#INDEX, as an image of an array is")
    pixels = array(path, index)
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"{name}: {pixels.shape} is not the shape (H, W, 3) of an image")
    return pixels / 255 if _file(path).dtype == np.uint8 else pixels
