"""Writes matplotlib.json beside this file: the 256 colours of each colour map that `render` has.

Made with Python 3.11.7 and matplotlib 3.10.8:

    python generate.py
"""

import json
import pathlib

import matplotlib
import numpy as np

PINNED = "3.10.8"
NAMES = ["viridis", "inferno", "turbo", "jet", "coolwarm", "gray"]

assert matplotlib.__version__ == PINNED, f"made with matplotlib {PINNED}, this is {matplotlib.__version__}"

tables = {name: np.rint(matplotlib.colormaps[name](np.arange(256))[:, :3] * 255).astype(int).tolist() for name in NAMES}
lines = [f"{json.dumps(name)}: {json.dumps(table, separators=(',', ':'))}" for name, table in tables.items()]
path = pathlib.Path(__file__).with_name("matplotlib.json")
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
