"""What the scripts of the studies share: tables that are read and written, their Markdown, and the blocks of a document that a study fills, which
stand between `<!-- STUDY: NAME -->` and `<!-- / -->`."""

import csv
import gzip
import pathlib
import re
import sys


def rows(path):
    """The rows of a table, which may be compressed."""
    path = pathlib.Path(path)
    opened = gzip.open(path, "rt", newline="") if path.suffix == ".gz" else open(path, newline="")
    with opened as file:
        return list(csv.DictReader(file))


def save(path, head, found):
    with open(path, "w", newline="") as file:
        out = csv.DictWriter(file, head, lineterminator="\n")
        out.writeheader()
        out.writerows(found)


def unique(values):
    """In the order of their first."""
    return list(dict.fromkeys(values))


def table(head, body, left=1):
    """In Markdown; the first `left` columns are text."""
    line = lambda cells: "| " + " | ".join(map(str, cells)) + " |"
    return "\n".join([line(head), "|" + "---|" * left + "---:|" * (len(head) - left), *map(line, body)])


def write(document, study, blocks):
    """Each of `blocks` (name, text) into its place, which must be there once."""
    document = pathlib.Path(document)
    text = document.read_text()
    for name, block in blocks:
        pattern = re.compile(f"(<!-- {study}: {re.escape(name)} -->\n).*?(<!-- / -->)", re.DOTALL)
        text, count = pattern.subn(lambda match: f"{match[1]}\n{block}\n\n{match[2]}", text)
        if count != 1:
            sys.exit(f"{document}: {count} blocks <!-- {study}: {name} -->, not 1")
    document.write_text(text)
