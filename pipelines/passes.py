#!/usr/bin/env python3
"""Whether the passes that `explain --dry-run` calls exact are those that the run has counted, and the others no fewer.

Usage: passes.py DRY_RUN.csv RECORD.json      needs nothing but Python's standard library
"""
import csv
import json
import sys


def main(table, record):
    with open(table, newline="") as file:
        estimates = [row for row in csv.DictReader(file) if not row["method"].startswith("(")]
    with open(record) as file:
        record = json.load(file)
    exact = 0
    for row in estimates:
        for passes in ("forwards", "backwards"):
            said, counted = int(row[passes]), record[f"{passes}_by_method"][row["method"]]
            fits = said == counted if row["exact"] == "exact" else said >= counted
            if not fits:
                what = f"the dry run says {row['exact']} {said} {passes}, the run counted {counted}"
                sys.exit(f"passes.py: {row['method']}: {what}")
        exact += row["exact"] == "exact"
    if not exact:
        sys.exit(f"passes.py: {table} calls no method exact")
    print(f"passes: {exact} of {len(estimates)} methods cost exactly what the dry run said, the others no more")


main(*sys.argv[1:])
