#!/usr/bin/env python3
"""Maps that are known to be wrong, made of the maps of some methods: `METHOD!inverted` (the highest value less the map), `METHOD!shifted`
(rolled by a quarter of the side, to the right and down) and `METHOD!other` (the map of the next image, which is of another class). Prints
the rows of all tables and of the wrong maps, image by image, so that `perturb` sees all maps of an image together. Needs only the
standard library.

Usage: wrong.py FOLDER METHOD[;METHOD...] TABLE.csv... > all.csv      the wrong maps lie in FOLDER, one pack for a method and kind
"""

import array
import ast
import csv
import functools
import pathlib
import struct
import sys

MAGIC = b"\x93NUMPY\x01\x00"


@functools.lru_cache(maxsize=64)
def pack(path):
    """The shape and the values of an .npy file of little-endian floats."""
    data = pathlib.Path(path).read_bytes()
    length = struct.unpack_from("<H", data, 8)[0]
    header = ast.literal_eval(data[10 : 10 + length].decode("latin1"))
    if data[:8] != MAGIC or header["descr"] != "<f4" or header["fortran_order"]:
        sys.exit(f"{path}: not a version 1 .npy file of <f4 in C order: {header}")
    return header["shape"], floats(data[10 + length :])


def floats(data):
    values = array.array("f", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def read(row):
    """The rows of a map."""
    (_, height, width), values = pack(row["map"])
    start = int(row["map_index"]) * height * width
    return [values[start + y * width : start + (y + 1) * width] for y in range(height)]


def write(path, maps):
    shape = (len(maps), len(maps[0]), len(maps[0][0]))
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust(128 - len(MAGIC) - 3) + "\n"
    values = array.array("f", [value for rows in maps for row in rows for value in row])
    if sys.byteorder == "big":
        values.byteswap()
    path.write_bytes(MAGIC + struct.pack("<H", len(header)) + header.encode() + values.tobytes())


def inverted(rows):
    highest = max(map(max, rows))
    return [[highest - value for value in row] for row in rows]


def shifted(rows):
    down, right = len(rows) // 4, len(rows[0]) // 4
    return [row[-right:] + row[:-right] for row in rows[-down:] + rows[:-down]]


def wrong(rows, folder):
    """The rows of the wrong maps of one method. A map that does not exist leaves no wrong one, and is nobody's other map."""
    there = [row for row in rows if row["map"]]
    maps = [read(row) for row in there]
    for row, after in zip(there, there[1:] + there[:1]):
        if row["label"] == after["label"]:
            sys.exit(f"{row['image']} and {after['image']}, the next one, are of one class")
    kinds = {
        "inverted": [inverted(rows) for rows in maps],
        "shifted": [shifted(rows) for rows in maps],
        "other": maps[1:] + maps[:1],
    }
    for kind, made in kinds.items():
        method = f"{there[0]['method']}!{kind}"
        path = folder / f"{method}.npy"
        write(path, made)
        for i, row in enumerate(there):
            yield row | {"method": method, "map": str(path), "map_index": str(i)}


def main(folder, methods, *tables):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for table in tables:
        with open(table, newline="") as file:
            rows += csv.DictReader(file)
    for method in methods.split(";"):
        of_method = [row for row in rows if row["method"] == method]
        if not of_method:
            sys.exit(f"{', '.join(tables)}: no map of {method}")
        rows += wrong(of_method, folder)
    place = {row["image"]: i for i, row in reversed(list(enumerate(rows)))}
    out = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    out.writeheader()
    out.writerows(sorted(rows, key=lambda row: place[row["image"]]))


if __name__ == "__main__":
    main(*sys.argv[1:])
