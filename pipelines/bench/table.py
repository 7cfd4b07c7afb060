"""Runs the rows: both sides in turns, medians and minima, and a table that is on disk after every row."""

import os
import platform
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from bench import imputation, ours
from bench.peer import Peer, prepare
from bench.rows import APART

HEAD = "| network | ours | peer | images | runs | ours, s/image | peer, s/image | ours / peer | of minima | agreement |"
# The other side's threads wait for more work in a loop before they sleep.
PAUSE = 0.5
PACKAGES = ["torch", "torchvision", "timm", "onnxruntime", "captum", "grad-cam", "zennit", "quantus"]
EXPLAIN = """
Images is how many a run computes; forward and backward are one batch of made-up numbers. Agreement: of maps the lowest
Spearman correlation between ours and the peer's over the images, of curves, of imputed pixels (0 to 1) and of constant maps the
largest difference. ROAD's imputation is 18 masks of an image, the peer's by SciPy's direct solver. Random
methods draw their own samples on each side. Quantus takes away single channels of a pixel."""


class Table:
    def __init__(self, args):
        self.args, self.lines = args, []
        own = ours.run([args.bin / "explain", "--version"]).strip()
        versions = ", ".join([own, *(f"{name} {version(name)}" for name in PACKAGES)])
        self.machine = (
            f"{ours.processor()}, {os.cpu_count()} cores, {args.threads} threads, device {args.device}, {platform.system()}; "
            f"medians of runs in turns, and the ratio of the least times; {versions}."
        )

    def add(self, network, label, peer, images, times, agreement):
        own, their = (statistics.median(part) for part in times)
        least = min(times[0]) / min(times[1])
        numbers = [f"{own:.4f}", f"{their:.4f}", f"{own / their:.2f}", f"{least:.2f}", agreement]
        cells = [network, f"`{label}`", peer, images, len(times[0]), *numbers]
        self.lines.append("| " + " | ".join(map(str, cells)) + " |")
        print(self.lines[-1], flush=True)
        self.write()

    def write(self):
        text = [HEAD, "|---|---|---|---:|---:|---:|---:|---:|---:|---:|", *self.lines, "", self.machine, EXPLAIN]
        self.args.table.write_text("\n".join(text) + "\n")


def alternate(sides, runs):
    """Each side's seconds per image and last answer."""
    times, answers = {name: [] for name in sides}, {}
    for _ in range(runs):
        for name, call in sides.items():
            time.sleep(PAUSE)
            taken, answers[name] = call()
            times[name].append(taken)
    return times, answers


def agreement(kind, own, their):
    if len(own) != len(their) or not all(np.isfinite(values).all() for values in (own, their)):
        sys.exit(f"our answer has the shape {own.shape}, the peer's {their.shape}, or some are not finite")
    if kind == "curves":
        own = own[:, -their.shape[1] :]  # Quantus leaves out the image as it was
    if kind in ("curves", "answers", "imputation") or any(np.ptp(values, (1, 2)).min() == 0 for values in (own, their)):
        return f"{np.abs(own - their).max():.1e} apart"
    return f"{min(spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(own, their)):.4f}"


def passes(args, table, network, rows):
    sides = ours.pass_sides(args, network)
    for row in rows:
        peers = [name for name in row.peers if not args.peers or name in args.peers]
        calls = {name: lambda side=sides[name]: (side.ask(row.task)[0] / args.batch, None) for name in ["ours", *peers]}
        times, _ = alternate(calls, args.runs)
        for name in peers:
            table.add(network, row.label, name, args.batch, [times["ours"], times[name]], "-")
    for side in sides.values():
        side.close()


class Network:
    """Both sides of the rows of one network."""

    def __init__(self, args, name, paths):
        self.args, self.name, self.paths = args, name, paths
        file = ours.weights(args, name)
        self.tools = ours.Tools(args, name)
        self.peer = Peer(args.threads, name, file, paths, args.device)
        self.maps = None  # the table of maps that curves follow

    def follow(self):
        if self.maps is None:
            # Grad-CAM of made-up weights may be below zero everywhere, which Quantus refuses.
            method = "input-magnitude" if self.name == "vit-b16" else "gradcam:relu=false"
            _, self.maps = self.tools.explain(method, self.paths)
            self.peer.follow(ours.read_maps(self.maps))

    def own(self, row, count):
        """Seconds per image and the answer of our tools on the first images."""
        if row.kind == "maps":
            taken, printed = self.tools.explain(row.specs[0], self.paths[:count])
            return taken / count, ours.read_maps(printed)
        if row.kind == "imputation":
            missing = imputation.masks(ours.read_maps(self.maps)[:count], **dict(row.settings))
            return imputation.impute(self.args, self.paths[:count], missing)
        taken, printed = self.tools.perturb(row.specs, self.followed(count))
        read = ours.read_answers if row.kind == "answers" else ours.read_curves
        return taken / count, read(printed)

    def followed(self, count):
        table = self.args.out / "followed.csv"
        table.write_text("\n".join(self.maps.splitlines()[: count + 1]) + "\n")
        return table

    def theirs(self, row, name, count):
        if name == APART:
            parts = [self.tools.perturb([spec], self.followed(count)) for spec in row.specs for _ in range(2)]
            answers = [ours.read_answers(printed) for _, printed in parts[::2]]
            return sum(taken for taken, _ in parts) / count, np.concatenate(answers, 1)
        taken, answer = self.peer.ask(row.task, name, count, dict(row.settings))
        return taken / count, answer

    def measure(self, row, table):
        long = row.forwards > self.args.forwards
        count = max(1, min(self.args.forwards // row.forwards, len(self.paths)))
        if row.kind in ("curves", "answers", "imputation"):
            self.follow()
        names = [name for name in row.peers if not self.args.peers or name in self.args.peers]
        sides = {"ours": lambda: self.own(row, count)}
        sides |= {name: lambda name=name: self.theirs(row, name, count) for name in names}
        if not long:
            alternate({name: sides[name] for name in names}, 1)  # warm-up
        times, answers = alternate(sides, min(self.args.runs, self.args.long_runs) if long else self.args.runs)
        for name in names:
            alike = agreement(row.kind, answers["ours"], answers[name])
            table.add(self.name, row.label, name, count, [times["ours"], times[name]], alike)


def bench(args, chosen):
    """`chosen` are pairs of a network and its rows."""
    paths = ours.write_images(args.out / "images", args.images)
    table = Table(args)
    print(HEAD + "\n|---|---|---|---:|---:|---:|---:|---:|---:|", flush=True)
    for name, rows in chosen:
        single = [row for row in rows if row.kind == "pass"]
        if single and args.device != "cpu":
            print("forward and backward: the example `pass` runs on the CPU only", file=sys.stderr)
        elif single:
            passes(args, table, name, single)
        if rest := [row for row in rows if row.kind != "pass"]:
            prepare(ours.weights(args, name))
            network = Network(args, name, paths)
            for row in rest:
                network.measure(row, table)
            network.peer.close()
    print(f"\n{table.machine}\n{EXPLAIN}")
