"""The time of each layer against ONNX Runtime's own profile of its nodes: the least of rounds in turns.

ONNX Runtime fuses sums, ReLUs and the like into layers as our chains do, but renames its nodes. So layers meet by what they are:
inputs and outputs (in whole blocks of 16, to which ONNX Runtime pads them), kernel, stride, rows of the input. Equal layers make
one line; in a network of many kinds those do that share kernel, stride and rows. All else goes by operation.
"""

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import speed
from bench.ours import processor
from bench.table import PAUSE

# Forward passes of a round.
PASSES = 3
# The most kinds of layers that have lines of their own.
KINDS = 24
# Operations of both sides, by line; what is missing here is `OTHER`.
OPERATIONS = {
    "max-pool": "maxpool2d MaxPool",
    "mean": "mean adaptiveavgpool2d GlobalAveragePool ReduceMean",
    "attention between linear layers, copies":
        "matmul softmax affine permute reshape slice "
        "MatMul FusedMatMul Softmax Transpose Reshape Split Squeeze Unsqueeze Gather Mul",
    "GELU": "gelu Gelu",
    "LayerNorm": "layernorm LayerNormalization SkipLayerNormalization",
    "sums": "add Add",
}
OTHER, LAYERS, ALL = "other", "**layers**", "**all**"
LINE = {operation: line for line, operations in OPERATIONS.items() for operation in operations.split()}


class Layer(NamedTuple):
    """What a convolution or linear layer is; the latter has neither kernel nor stride nor size."""

    inputs: int
    outputs: int
    depthwise: bool
    kernel: str
    stride: int
    size: int

    def padded(self):
        return self._replace(inputs=-(-self.inputs // 16), outputs=-(-self.outputs // 16))

    def kind(self):
        """Without channels."""
        if not self.kernel:
            return "linear"
        return f"{'depthwise ' if self.depthwise else ''}{self.kernel}/{self.stride} {self.size}"

    def __str__(self):
        kind = f" {self.kind()}" if self.kernel else ""
        return f"{self.inputs} -> {self.outputs}{kind}"


class Node(NamedTuple):
    operation: str
    layer: Layer | None
    gflop: float


SHAPE = re.compile(r"(\d+) -> (\d+)(?: by (\d+))?(?: (\d+x\d+)/(\d+) (\d+))?")


class Ours:
    """The example `layers` of models, a process for each round."""

    def __init__(self, args, network, threads):
        example = args.bin / "examples/layers"
        if not example.exists():
            sys.exit(f"{example} is missing: cargo build --workspace --release --example layers")
        self.command = [example, network, str(args.batch), str(PASSES)]
        self.environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
        self.peak, self.nodes, self.seconds = 0, [], []

    def round(self):
        printed = subprocess.run(self.command, env=self.environment, stdout=subprocess.PIPE, text=True, check=True).stdout
        peak, *rows = csv.DictReader(printed.splitlines())
        seconds = [float(row["seconds"]) for row in rows]
        self.peak = max(self.peak, float(peak["gflop"]))
        self.seconds = [min(times) for times in zip(seconds, self.seconds or seconds, strict=True)]
        self.nodes = [Node(row["operation"], self.layer(row["shape"]), float(row["gflop"])) for row in rows]

    @staticmethod
    def layer(shape):
        if not shape:
            return None
        inputs, outputs, groups, kernel, stride, size = SHAPE.fullmatch(shape).groups()
        return Layer(int(inputs), int(outputs), groups == inputs, kernel or "", int(stride or 0), int(size or 0))

    def finish(self):
        return self.nodes, self.seconds


class OnnxRuntime:
    """A session of this process that profiles its nodes."""

    def __init__(self, args, network, threads):
        self.session, self.x = speed.onnx_session(network, args.batch, threads, args.out / "profile")

    def round(self):
        for _ in range(PASSES):
            self.session.run(None, {"input": self.x})

    def finish(self):
        nodes, seconds = {}, defaultdict(lambda: float("inf"))
        profile = Path(self.session.end_profiling())
        for event in json.loads(profile.read_text()):
            if event["name"].endswith("_kernel_time"):
                index = int(event["args"]["node_index"])
                nodes[index] = Node(event["args"]["op_name"], self.layer(event["args"]), 0.0)
                seconds[index] = min(seconds[index], 1e-6 * event["dur"])
        profile.unlink()
        return list(nodes.values()), [seconds[index] for index in nodes]

    @staticmethod
    def layer(node):
        shapes = lambda which: [next(iter(value.values())) for value in node[f"{which}_type_shape"]]
        (x, *weights), (y, *_) = shapes("input"), shapes("output")
        if node["op_name"] == "Conv":
            depthwise, kernel = weights[0][1] == 1, "x".join(map(str, weights[0][2:]))
            return Layer(x[1], weights[0][0], depthwise, kernel, -(-x[2] // y[2]), x[2])
        if node["op_name"] == "Gemm" or node["op_name"] == "MatMul" and len(weights[0]) == 2:
            return Layer(x[-1], y[-1], False, "", 0, 0)
        return None


def lines_of(nodes):
    """The line of each of our layers, by what it is."""
    layers = dict.fromkeys(node.layer for node in nodes if node.layer)
    kinds = defaultdict(list)
    for layer in layers:
        kinds[layer.kind()].append(layer)
    alone = lambda layer: len(layers) <= KINDS or len(kinds[layer.kind()]) == 1
    return {layer.padded(): str(layer) if alone(layer) else layer.kind() for layer in layers}


class Group:
    """What one line adds up."""

    def __init__(self):
        self.count, self.gflop, self.seconds = 0, 0.0, 0.0

    def add(self, gflop, seconds):
        self.count, self.gflop, self.seconds = self.count + 1, self.gflop + gflop, self.seconds + seconds


def grouped(nodes, seconds, lines):
    groups = defaultdict(Group)
    for node, time_of_it in zip(nodes, seconds, strict=True):
        if node.layer and node.layer.padded() not in lines:
            sys.exit(f"ONNX Runtime has a layer that we have not: {node.layer}")
        line = lines[node.layer.padded()] if node.layer else LINE.get(node.operation, OTHER)
        groups[line].add(node.gflop, time_of_it)
        if node.layer:
            groups[LAYERS].add(node.gflop, time_of_it)
        groups[ALL].add(0.0, time_of_it)
    return groups


def measure(args, network, threads):
    """Groups of both sides and the peak."""
    ours, theirs = Ours(args, network, threads), OnnxRuntime(args, network, threads)
    for _ in range(args.runs):
        for side in (ours, theirs):
            time.sleep(PAUSE)
            side.round()
    nodes, seconds = ours.finish()
    lines = lines_of(nodes)
    own, their = grouped(nodes, seconds, lines), grouped(*theirs.finish(), lines)
    for line in lines.values():
        if own[line].count != their[line].count:
            sys.exit(f"{network} has {own[line].count} layers {line}, ONNX Runtime {their[line].count}")
    return own, their, ours.peak


def cell(group, peak):
    if not group:
        return ""
    rate = group.gflop / group.seconds
    return f"{1e3 * group.seconds:.2f}" + (f" ({rate:.0f}, {100 * rate / peak:.0f} %)" if group.gflop else "")


def table(network, measured):
    """A table of what was measured by number of threads."""
    names = dict.fromkeys(name for own, their, _ in measured.values() for name in [*own, *their])
    names = sorted(names, key=lambda name: (name == ALL, name in OPERATIONS or name == OTHER, name == LAYERS))
    head = [network, "n", "GFLOP"]
    for threads in measured:
        head += [f"ours, {threads} thread{'s' * (threads > 1)}", "ONNX Runtime", "ratio"]
    rows = [head, ["---", *["---:"] * (len(head) - 1)]]
    for name in names:
        for i, (own, their, peak) in enumerate(measured.values()):
            own, their = own.get(name), their.get(name)
            if own and their:
                their.gflop = own.gflop
            if i == 0:
                rows.append([name, str(own.count), f"{own.gflop:.2f}"] if own and own.gflop else [name, "", ""])
            ratio = f"{own.seconds / their.seconds:.2f}" if own and their else ""
            rows[-1] += [cell(own, peak), cell(their, peak), ratio]
    return ["| " + " | ".join(row) + " |" for row in rows]


def layers(args, networks):
    text = [
        f"{processor()}; batch {args.batch}; ms (GFLOP/s, share of the peak); for each node the least of {args.runs} rounds "
        f"in turns of {PASSES} passes; ONNX Runtime {version('onnxruntime')}, its own profile."
    ]
    print(text[0], flush=True)
    for network in networks:
        measured = {threads: measure(args, network, threads) for threads in sorted({1, args.threads})}
        peaks = ", ".join(f"{peak:.0f} with {threads}" for threads, (*_, peak) in measured.items())
        part = ["", *table(network, measured), "", f"Peak in registers, GFLOP/s by threads: {peaks}."]
        print("\n".join(part), flush=True)
        text += part
        (args.out / "layers.md").write_text("\n".join(text) + "\n")
