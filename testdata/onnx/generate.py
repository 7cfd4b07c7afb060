"""Writes the ONNX files here and what PyTorch answers. Needs ../requirements.txt."""

from pathlib import Path

import numpy as np
import onnx
import torch
from exports import answers, export, pictures, save, settle
from tiny_networks import NETWORKS, REARRANGED, SIDE

HERE = Path(__file__).parent
# Operator set, newer exporter, any number of pictures.
KINDS = {"11.fixed": (11, False, False), "17.free": (17, False, True), "newest.fixed": (None, True, False), "newest.free": (None, True, True)}


def strip(path):
    """Without what no reader needs but most of a small file's bytes are: the exporter's notes on where things came from,
    the long names of values between nodes (they become numbers), and the names of constants."""
    model = onnx.load(path)
    graph = model.graph
    del model.metadata_props[:], graph.value_info[:], graph.metadata_props[:]
    kept = {value.name for value in [*graph.input, *graph.output, *graph.initializer]}
    short = {}
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
        if node.op_type in ("Constant", "Shape", "Unsqueeze", "Cast", "Identity"):
            node.name = ""
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name and name not in kept:
                    names[i] = short.setdefault(name, str(len(short)))
    for value in [*graph.input, *graph.output, *graph.initializer]:
        del value.metadata_props[:]
        value.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, path)


def main():
    torch.set_num_threads(1)
    x = pictures(2, SIDE, 200).half().float()
    np.save(HERE / "input.npy", x.numpy().astype("<f2"))
    for seed, (name, build) in enumerate(NETWORKS.items()):
        net = settle(build(), pictures(16, SIDE, 100 + seed), seed)
        logits, gradient = answers(net.double(), x.double())
        save(f"{HERE / name}.", {"logits": logits, "gradient": gradient}, "<f2")
        net.float()
        for kind, (opset, dynamo, free) in KINDS.items():
            path = HERE / f"{name}.{kind}.onnx"
            if kind == "newest.fixed" and name not in REARRANGED:
                continue
            if export(net, x, path, opset, dynamo, free):
                strip(path)


if __name__ == "__main__":
    main()
