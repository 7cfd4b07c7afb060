#!/usr/bin/env python3
"""Writes npy/*.npy and npy.json: arrays as NumPy saves them, and arrays as nobody should.

NumPy 2.4.6. Run it in any folder: python3 testdata/pipe/generate.py
"""
import io
import json
import pathlib
import struct

import numpy as np

FOLDER = pathlib.Path(__file__).parent / "npy"
good, bad = {}, {}


def save(name, data):
    (FOLDER / f"{name}.npy").write_bytes(data)


def saved(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version, allow_pickle=True)
    return out.getvalue()


def is_good(name, array, data=None):
    save(name, saved(array) if data is None else data)
    with np.errstate(over="ignore"):  # A double too large for a single is infinite.
        values = [float(v) for v in array.astype(np.float32).ravel(order="C")]
    # JSON has no infinity: numbers that are not finite are written as text.
    good[name] = {"shape": list(array.shape), "values": [v if np.isfinite(v) else str(v) for v in values]}


def is_bad(name, message, data):
    save(name, data)
    bad[name] = message


def raw(header, data=b"", version=(1, 0), length=None):
    """An array whose header is written by hand."""
    text = header.encode("latin1") if isinstance(header, str) else header
    size = struct.pack("<H" if version[0] == 1 else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes(version) + size + text + data


def header(shape, descr="'<f4'", fortran="False"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


def make_good():
    floats = np.array([[-1.5, 0.0, 0.25], [2.0, 1000.0, np.nan]])
    small = np.array([[0, 1, 2], [3, 100, 127]])
    for kind in ["f2", "f4", "f8"]:
        for order, word in [("<", "little"), (">", "big")]:
            is_good(f"{kind}-{word}", floats.astype(order + kind))
    for kind in ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"]:
        values = small if kind[0] == "u" else small - 100
        for order, word in [("<", "little"), (">", "big")]:
            if kind[1] != "1" or word == "little":
                is_good(f"{kind}-{word}", values.astype(order + kind))
    is_good("b1", small % 2 == 0)
    is_good("f8-extreme", np.array([[1e300, -1e300], [1e-300, 1e-40]]))
    is_good("f2-subnormal", np.array([[6e-8, -6e-8], [65504.0, np.inf]], dtype="<f2"))

    cube = np.arange(24, dtype="<f4").reshape(2, 3, 4)
    is_good("pack", cube)
    is_good("pack-fortran", np.asfortranarray(cube))
    is_good("pack-big-f2", cube.astype(">f2"))
    is_good("pack-channels", np.arange(48, dtype="<f4").reshape(2, 2, 3, 4))
    is_good("map-fortran", np.asfortranarray(cube[0].astype(">f8")))
    is_good("one-pixel", np.ones((1, 1), dtype="<f4"))
    is_good("0-d", np.float32(3.5).reshape(()))
    is_good("1-d", np.arange(3, dtype="<f4"))
    is_good("empty", np.zeros((0,), dtype="<f4"))
    is_good("empty-pack", np.zeros((0, 3, 4), dtype="<f4"))

    is_good("version-2", cube[0], saved(cube[0], (2, 0)))
    is_good("version-3", cube[0], saved(cube[0], (3, 0)))
    row = np.arange(3, dtype="<f4")
    is_good("no-padding", row, raw(header("(3,)"), row.tobytes()))
    is_good("padding-16", row, raw(header("(3,)").ljust(69) + "\n", row.tobytes()))
    is_good("list-shape", row, raw(header("[3]"), row.tobytes()))


def make_bad():
    rows = np.ones((2, 3), dtype="<f4")
    is_bad("structured", "structured values", saved(np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")])))
    is_bad("object", "pickled Python object", saved(np.array([{}, None], dtype=object)))
    is_bad("complex", "complex", saved(np.ones(2, dtype="<c8")))
    is_bad("bytes", "string", saved(np.array([b"ab"])))
    is_bad("text", "string", saved(np.array(["ab"])))
    is_bad("time", "time", saved(np.array(["2026-01-01"], dtype="<M8[D]")))
    is_bad("void", "raw", saved(np.zeros(2, dtype="V3")))
    is_bad("f16", "raw ('<f16')", raw(header("(1,)", "'<f16'"), bytes(16)))

    is_bad("huge-overflow", "too large", raw(header("(4294967296, 4294967296, 4)")))
    is_bad("huge-with-zero", "too large", raw(header("(0, 9223372036854775807, 9223372036854775807)")))
    is_bad("huge-bytes", "too large", raw(header("(4611686018427387904,)", "'<f8'")))
    is_bad("huge-4-tib", "truncated", raw(header("(1099511627776,)")))
    is_bad("huge-dimension", "bad header", raw(header("(99999999999999999999999999,)")))
    is_bad("negative", "bad header", raw(header("(-1, 4)")))
    is_bad("float-shape", "bad header", raw(header("(2.0, 3)")))
    is_bad("header-4-gib", "claims 4294967295 bytes", raw(header("(3,)"), version=(2, 0), length=0xFFFFFFFF))
    is_bad("header-65537", "claims 65537 bytes", raw(header("(0,)").ljust(65537), version=(2, 0)))
    is_bad("header-cut", "cut off", raw(header("(3,)"), length=200))
    is_bad("header-nested", "bad header", raw("(" * 60000))
    is_bad("header-nested-list", "bad header", raw(header("[" * 30000 + "]" * 30000)))
    is_bad("header-latin1", "bad header", raw(b"{'descr': '\xff'}"))
    is_bad("header-empty", "bad header", raw(""))
    is_bad("header-no-shape", "bad header", raw("{'descr': '<f4', 'fortran_order': False}"))
    is_bad("header-order", "bad header", raw(header("(3,)", fortran="7")))
    is_bad("header-code", "bad header", raw(header("(3,)", "__import__('os').system('true')")))
    is_bad("version-9", "version 9.9", raw(header("(3,)"), version=(9, 9)))

    is_bad("truncated", "truncated", saved(rows)[:-1])
    is_bad("no-data", "truncated", saved(rows)[:128])
    is_bad("trailing", "1 bytes follow", saved(rows) + b"x")
    is_bad("two-arrays", "152 bytes follow", saved(rows) + saved(rows))
    is_bad("nothing", "not a .npy file", b"")
    is_bad("magic-only", "not a .npy file", b"\x93NUMPY")
    is_bad("png", "not a .npy file", b"\x89PNG\r\n\x1a\n" + bytes(32))


FOLDER.mkdir(exist_ok=True)
make_good()
make_bad()
(FOLDER.parent / "npy.json").write_text(json.dumps({"good": good, "bad": bad}, indent=1) + "\n")
