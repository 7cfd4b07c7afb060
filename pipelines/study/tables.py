"""Tables, and what is wrong with them."""
import csv
import io
import sys


class Damaged(Exception):
    """An input that cannot be used; the message names the file, the line and the value."""


def note(message):
    print(f"study: {message}", file=sys.stderr)


def rows(path, needed):
    """(line, row) of a table that has the needed columns."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            yield from checked(csv.DictReader(file), path, needed)
    except (UnicodeDecodeError, csv.Error) as error:
        raise Damaged(f"{path}: not a table: {error}") from None


def checked(reader, path, needed):
    for column in needed:
        if column not in (reader.fieldnames or []):
            raise Damaged(f"{path}: no column `{column}`, but {','.join(reader.fieldnames or ['nothing'])}")
    for row in reader:
        if None in row or None in row.values():
            raise Damaged(f"{path}, line {reader.line_num}: not as many cells as the header")
        yield reader.line_num, row


def text(table, columns):
    """The table as it lies on disk; a column that a row lacks is empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()
