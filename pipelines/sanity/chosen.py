#!/usr/bin/env python3
"""Prints the rows of one method from tables of maps, for the first images; with one table alone the names of its methods. Needs only the
standard library.

Usage: chosen.py TABLE.csv > names
       chosen.py METHOD IMAGES TABLE.csv... > rows.csv
"""

import csv
import sys


def read(table):
    with open(table, newline="") as file:
        return list(csv.DictReader(file))


def names(table):
    for method in dict.fromkeys(row["method"] for row in read(table)):
        print(method)


def choose(method, images, *tables):
    out = None
    for table in tables:
        rows = [row for row in read(table) if row["method"] == method]
        if not rows:
            sys.exit(f"{table}: no map of {method}")
        if out is None:
            out = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
            out.writeheader()
        out.writerows(rows[: int(images)])


if __name__ == "__main__":
    (names if len(sys.argv) == 2 else choose)(*sys.argv[1:])
