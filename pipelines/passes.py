#!/usr/bin/env python3
"""Whether the passes that `--dry-run` of explain or perturb calls exact are those that the run has counted, and the others no
fewer.

Usage: passes.py DRY_RUN.csv RECORD.json      needs nothing but Python's standard library
"""
import csv
import json
import sys


def pairs(rows, record):
    """What a row is about, whether it is exact, the passes that it says and those that the run counted."""
    for row in rows:
        exact = row["exact"] == "exact"
        if row.get("test") == "(all)":
            yield "perturb", exact, int(row["forwards"]), record["forwards"]
        elif row.get("method", "(").startswith("("):
            continue  # a part of the whole that the record does not count by itself
        else:
            for passes in ("forwards", "backwards"):
                yield f"{row['method']}, {passes}", exact, int(row[passes]), record[f"{passes}_by_method"][row["method"]]


def main(table, record):
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    with open(record) as file:
        found = list(pairs(rows, json.load(file)))
    for name, exact, said, counted in found:
        if not (said == counted if exact else said >= counted):
            what = "exactly" if exact else "at most"
            sys.exit(f"passes.py: {name}: the dry run says {what} {said}, the run counted {counted}")
    exact = sum(exact for _, exact, _, _ in found)
    if not exact:
        sys.exit(f"passes.py: {table} calls nothing exact")
    print(f"passes: {exact} numbers of {len(found)} in {table} are exact and true, the others no less than the run's")


main(*sys.argv[1:])
