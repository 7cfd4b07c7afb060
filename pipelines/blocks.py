"""Writes the blocks of a document that a study fills: what stands between `<!-- STUDY: NAME -->` and `<!-- / -->`."""

import pathlib
import re
import sys


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
