"""Architectures of torchvision and timm as ONNX files: seeded at full size, or with real weights."""

import sys
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import load_file, save_file
from torchvision import models

import architectures
from parity import full_transformers

TESTDATA = Path(__file__).resolve().parent.parent.parent / "testdata"
sys.path[:0] = [str(TESTDATA / "onnx"), str(TESTDATA / "models")]
import exports  # noqa: E402
from networks import CifarResNet  # noqa: E402

TORCHVISION = [
    "resnet18", "resnet50", "vgg11", "vgg11_bn", "alexnet", "densenet121", "squeezenet1_1", "mobilenet_v2",
    "mobilenet_v3_small", "mobilenet_v3_large",
]
# What `--model` calls timm's networks; the last is none of ours.
TIMM = {
    "vit-t16": "vit_tiny_patch16_224",
    "vit-s16": "vit_small_patch16_224",
    "deit-t16": "deit_tiny_patch16_224",
    "deit-t16-distilled": "deit_tiny_distilled_patch16_224",
    "convnext-tiny": "convnext_tiny",
    "efficientnet-lite0": "tf_efficientnet_lite0",
    "efficientnet-b0": "efficientnet_b0",
}


# By both exporters in every operator set, for one image and for any number.
EVERY = [(opset, dynamo, free) for opsets, dynamo in ((exports.TORCHSCRIPT, False), (exports.DYNAMO, True))
         for opset in opsets for free in (False, True)]
# The oldest for one image and the newest for any number, for the other members of a family.
ENDS = [(exports.TORCHSCRIPT[0], False, False), (exports.TORCHSCRIPT[2], False, True), (None, True, True)]


def members():
    """Name and constructor of the members that are exported in every way; `NAME@torchvision` where timm has another one."""
    for name in TORCHVISION:
        yield architectures.ours(name), lambda name=name: models.get_model(name, weights=None)
    yield "convnext-tiny@torchvision", lambda: models.convnext_tiny(weights=None)
    yield "vit-b16@torchvision", lambda: models.vit_b_16(weights=None)
    for name, theirs in TIMM.items():
        yield name, lambda theirs=theirs: timm.create_model(theirs)


def full():
    """Name, constructor, side of the images and kinds of files of each architecture."""
    known = dict(members())
    for name, make in known.items():
        yield name, make, 224, EVERY
    for name, make, side, _ in architectures.full():
        if name not in known:
            yield name, make, side, ENDS
    for name, make, _ in full_transformers.full():
        if name not in known:
            yield name, make, 224, ENDS


def write_seeded(folder, names):
    """For each name a folder: weights, two images, PyTorch's logits and gradients in float64, how far its float32 is, files by
    the exporters, and one with BatchNorm as it was."""
    for seed, (name, make, side, kinds) in enumerate(full()):
        if name not in names:
            continue
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        net = exports.settle(make(), exports.images(8, side, seed), seed)
        save_file({key: value.clone().contiguous() for key, value in net.state_dict().items()}, place / "weights.safetensors")
        x = exports.images(2, side, 100 + seed)
        logits, gradient = exports.answers(net.double(), x.double())
        rounding = exports.rounding(net.float(), x, gradient)
        exports.save(f"{place}/", {"input": x.numpy(), "logits": logits, "gradient": gradient, "rounding": rounding})
        spread = f"{logits.std():.2f}; the two images differ by {np.abs(logits[0] - logits[1]).mean():.2f}"
        print(f"{name}: logits have the deviation {spread}; PyTorch's gradients by up to {rounding.max():.1e}", flush=True)
        for opset, dynamo, free in kinds:
            label = f"{'dynamo' if dynamo else 'torchscript'}-{opset or 'newest'}-{'free' if free else 'fixed'}"
            if not exports.export(net, x, place / f"{label}.onnx", opset, dynamo, free):
                print(f"  {label}: PyTorch cannot", flush=True)
        exports.export(net, x, place / "torchscript-17-apart.onnx", 17, False, True, **exports.APART)


def cifar_resnet(data):
    net = CifarResNet(blocks=9, width=16)
    net.load_state_dict(load_file(data / "weights/cifar10-resnet56.safetensors"))
    return net.eval()


def cifar_vit(data):
    settings = {"img_size": 32, "patch_size": 4, "embed_dim": 128, "depth": 6, "num_heads": 4, "num_classes": 10}
    net = timm.models.vision_transformer.VisionTransformer(**settings)
    net.load_state_dict({key: value.float() for key, value in load_file(data / "weights/cifar10-vit.safetensors").items()})
    return net.eval()


# Networks with real weights by our name, and the side of their images.
REAL = {name: (make, 224) for name, (make, _) in architectures.REAL.items()}
REAL |= {"cifar-resnet56": (cifar_resnet, 32), "cifar-vit": (cifar_vit, 32)}


def write_real(folder, data, more, names):
    """A file of each network with real weights, by the newer exporter and for any number of images."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (make, side) in (REAL | more).items():
        if name in names:
            exports.export(make(data), exports.images(2, side, 0), folder / f"{name}.onnx", None, True, True)
            print(f"{name}: the real weights", flush=True)
