#!/usr/bin/env python3
"""CIFAR images (one u8 .npy of n x 32 x 32 x 3, labels as index,label) to PNG files and a table for `explain`.

Usage: cifar_png.py DATA OUT [COUNT]      needs nothing but Python's standard library
"""
import ast
import csv
import pathlib
import struct
import sys
import zlib


def read_npy(path):
    data = path.read_bytes()
    assert data[:6] == b"\x93NUMPY", f"{path} is not an .npy file"
    start = 10 + struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10:start].decode())
    assert header["descr"] == "|u1" and not header["fortran_order"], header
    return header["shape"], data[start:]


def png(pixels, height, width):
    def part(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + pixels[y * width * 3:(y + 1) * width * 3] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")


def main(data, out, count=500):
    data, out = pathlib.Path(data), pathlib.Path(out)
    (_, height, width, _), pixels = read_npy(data / "test-images.npy")
    with open(data / "test-labels.csv", newline="") as file:
        labels = [row["label"] for row in csv.DictReader(file)][:int(count)]
    (out / "images").mkdir(parents=True, exist_ok=True)
    size = height * width * 3
    with open(out / "images.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["image", "label"])
        for i, label in enumerate(labels):
            path = out / "images" / f"{i:04}.png"
            path.write_bytes(png(pixels[i * size:(i + 1) * size], height, width))
            table.writerow([path, label])


main(*sys.argv[1:])
