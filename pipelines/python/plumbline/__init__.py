"""Plumbline's programs from Python: tables in, tables out, maps as arrays.

What the programs read and write are tables and files, so nothing here knows what they compute."""
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile

import numpy as np
import pandas as pd

__all__ = ["load", "program", "report", "run", "show"]

# Names, even those that look like numbers: `007` is an image.
NAMES = ["image", "model", "method", "test", "metric", "map", "list", "class", "label", "mask", "png", "reason"]


def program(name):
    """The path of one of the programs: of this installation, or else of the search path."""
    places = [sysconfig.get_path("scripts"), os.path.dirname(sys.executable), os.environ.get("PATH", "")]
    found = shutil.which(name, path=os.pathsep.join(places))
    if not found:
        raise FileNotFoundError(f"there is no program {name} beside {sys.executable} or in PATH")
    return found


def call(name, *arguments, table=None):
    """Runs a program with a table, if there is one, as its standard input; the file that it has written, open at its start.

    What it says, progress among it, is shown while it runs. RuntimeError with its message if it fails."""
    out = tempfile.TemporaryFile()
    with tempfile.TemporaryFile() as given:
        if table is not None:
            table.to_csv(given, index=False)
            given.seek(0)
        said = []
        command = [program(name), *map(str, arguments)]
        with subprocess.Popen(command, stdin=given, stdout=out, stderr=subprocess.PIPE, text=True, errors="replace") as running:
            for line in running.stderr:
                said.append(line)
                print(line, end="", file=sys.stderr)
    if running.returncode:
        raise RuntimeError("".join(said).strip() or f"{name}: exit status {running.returncode}")
    out.seek(0)
    return out


def run(name, *arguments, table=None):
    """The table that a program writes: run("explain", "-m", "gradcam", "cat.jpg"), run("rank", table=scores)."""
    with call(name, *arguments, table=table) as out:
        return pd.read_csv(out, dtype=dict.fromkeys(NAMES, str))


def load(row):
    """The map of a row of `explain` as an array."""
    maps = np.load(row["map"], mmap_mode="r")  # Not row.map, which is a method of pandas.
    return np.asarray(maps if pd.isna(row["map_index"]) else maps[int(row["map_index"])])


def show(rows, *arguments):
    """The maps of rows on a sheet, images by methods, as a notebook shows it; arguments are those of `render`."""
    from IPython.display import Image

    with tempfile.TemporaryDirectory() as folder:
        sheet = pathlib.Path(folder, "sheet.png")
        call("render", "-q", "--sheet", sheet, *arguments, table=rows).close()
        return Image(sheet.read_bytes())


def report(tables, path="report.html", *arguments):
    """One HTML file out of tables, files or frames, as a notebook shows it; arguments are those of `report`."""
    from IPython.display import IFrame

    with tempfile.TemporaryDirectory() as folder:
        files = []
        for at, table in enumerate(tables):
            if isinstance(table, pd.DataFrame):
                files.append(pathlib.Path(folder, f"table-{at}.csv"))
                table.to_csv(files[-1], index=False)
            else:
                files.append(table)
        call("report", *files, "-o", path, *arguments).close()
    return IFrame(path, "100%", 800)
