"""Runs explain and perturb on a device and reads what they write, with nothing but Python's own library."""

import ast
import csv
import json
import math
import os
import shutil
import struct
import subprocess
import threading
import time
from array import array
from pathlib import Path


class Failed(Exception):
    """The last line of what a tool said."""


class OutOfTime(Exception):
    """The part's time is used up."""


class Tools:
    """Our tools. Whatever burn or the driver keep on disk lies in a folder that is empty at first, so that the first run is
    a cold start. Runs end at `deadline`, in seconds of `time.monotonic`."""

    def __init__(self, binaries, out):
        self.bin, self.out, self.home = binaries, out, out / "home"
        self.deadline = math.inf
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        kept = {name: str(self.home) for name in ("HOME", "XDG_CACHE_HOME", "CUDA_CACHE_PATH")}
        self.environment = {**os.environ, **kept}

    def run(self, tool, *arguments):
        """What it printed, and wall seconds."""
        command = [str(part) for part in (self.bin / tool, *arguments)]
        start = time.perf_counter()
        given = {"cwd": self.home, "env": self.environment, "timeout": self.seconds_left()}
        try:
            done = subprocess.run(command, capture_output=True, text=True, **given)
        except subprocess.TimeoutExpired:
            raise OutOfTime(f"{tool} was stopped") from None
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise Failed(said[-1] if said else f"{tool} ended with status {done.returncode} and no word")
        return done.stdout, time.perf_counter() - start

    def seconds_left(self):
        """Until the deadline; nothing if there is none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime("no time is left")
        return left if math.isfinite(left) else None

    def explain(self, network, device, methods, images, *more):
        """The table of maps and the run record, with wall seconds as `wall`."""
        folder, record = self.out / "maps", self.out / "explain.json"
        chosen = [part for method in methods for part in ("-m", method)]
        printed, wall = self.run(
            "explain", *network.options, "--device", device, "-q", *chosen, "-o", folder, "--record", record, *more, *images)
        return printed, {**json.loads(record.read_text()), "wall": wall}

    def perturb(self, network, device, tests, table):
        chosen = [part for test in tests for part in ("-t", test)]
        return self.run("perturb", *network.options, "--device", device, "-q", *chosen, table)[0]

    def methods(self):
        lines = self.run("explain", "--list-methods")[0].splitlines()
        return [line for line in lines if line and not line.startswith(" ")]


def read_rows(printed):
    return list(csv.DictReader(printed.splitlines()))


def read_map(row):
    """The numbers of one map of a pack."""
    data = Path(row["map"]).read_bytes()
    wide = data[6] > 1
    (length,) = struct.unpack_from("<I" if wide else "<H", data, 8)
    start = (12 if wide else 10) + length
    header = ast.literal_eval(data[start - length : start].decode())
    if header["descr"] != "<f4" or header["fortran_order"]:
        raise Failed(f"{row['map']} holds {header}")
    size = math.prod(header["shape"][1:])
    values = array("f")
    first = start + 4 * size * int(row["map_index"] or 0)
    values.frombytes(data[first : first + 4 * size])
    return values


def distance(a, b):
    """Relative L2; infinite where one is not finite or only the first is zero."""
    apart, norm = (math.sqrt(sum(parts)) for parts in (((x - y) ** 2 for x, y in zip(a, b)), (x * x for x in a)))
    if not (math.isfinite(apart) and math.isfinite(norm)) or len(a) != len(b):
        return math.inf
    return apart / norm if norm else (math.inf if apart else 0.0)


def nvidia_smi(query):
    """The first GPU's answer to `--query-gpu`, or nothing where there is none."""
    command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader,nounits", "-i", "0"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


class Watch:
    """The largest memory in use on the first GPU, in MiB, less what was in use before."""

    def __enter__(self):
        self.before, self.peak, self.done = self.used(), 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def used(self):
        return int(nvidia_smi("memory.used") or 0)

    def watch(self):
        while not self.done.wait(0.1):
            self.peak = max(self.peak, self.used() - self.before)

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
