"""What the parts share: data, images, our tools, distances."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import architectures
import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file
from scipy.stats import spearmanr
from torch import nn
from torchvision.models import resnet

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("PLUMBLINE_DATA", ROOT.parent / "shared/data"))
MEAN, STD = architectures.MEAN, architectures.STD
WEIGHTS = DATA / "weights/resnet50-v1.safetensors"
RESNET50 = ["--model", "resnet50-v1", "--weights", WEIGHTS]


def resnet50_v1():
    """torchvision's ResNet-50 with the stride in the first 1x1 convolution of a stage, as these weights need."""
    net = resnet.resnet50(weights=None)
    for module in net.modules():
        if isinstance(module, resnet.Bottleneck):
            module.conv1.stride, module.conv2.stride = module.conv2.stride, (1, 1)
        if isinstance(module, nn.ReLU):
            module.inplace = False  # Captum's hooks need it
    net.load_state_dict({name: value.float() for name, value in load_file(WEIGHTS).items()})
    return net.eval().requires_grad_(False)


def labels():
    with open(DATA / "imagenet/labels.csv") as file:
        return [(row["image"], int(row["label"])) for row in csv.DictReader(file)]


def image(path):
    return architectures.IMAGENET(Image.open(path).convert("RGB"))


def write_images(folder, count):
    """Images of exactly 256 x 256: resizing the short side to 256 is then nothing to do, and both sides crop the same."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = labels()
    paths = []
    for name, _ in rows[:: max(len(rows) // count, 1)][:count]:
        image = Image.open(DATA / "imagenet" / name).convert("RGB")
        paths.append(folder / f"{Path(name).stem}.png")
        ImageOps.fit(image, (256, 256), Image.Resampling.BILINEAR).save(paths[-1])
    return paths


def run(tool, arguments, stdin=None):
    """Runs one of our tools and returns the rows that it prints."""
    done = subprocess.run([str(tool), *map(str, arguments)], input=stdin, text=True, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{tool} failed with status {done.returncode}")
    return list(csv.DictReader(done.stdout.splitlines())), done.stdout


def explain(args, model, methods, paths, folder, *more):
    chosen = [part for method in methods for part in ("-m", method)]
    return run(args.bin / "explain", [*model, "--device", args.device, *chosen, "-o", folder, *more, *paths])


def read_map(row):
    maps = np.load(row["map"], mmap_mode="r")
    return np.array(maps[int(row["map_index"])] if row["map_index"] else maps)


def distance(ours, theirs):
    """Relative L2 error and Spearman correlation."""
    shape = max(ours.shape, theirs.shape, key=len)
    if min(ours.ndim, theirs.ndim) == 2:  # one value for all channels
        ours, theirs = np.broadcast_to(ours, shape), np.broadcast_to(theirs, shape)
    if ours.shape != theirs.shape:
        sys.exit(f"our map has the shape {ours.shape}, the reference {theirs.shape}")
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs), spearmanr(ours.ravel(), theirs.ravel()).statistic


# Networks with real weights: constructor and how images are prepared.
REAL = {"resnet50-v1": (lambda _: resnet50_v1(), architectures.IMAGENET)} | architectures.REAL


def chosen(args, names):
    """Those that --only names, by their beginning."""
    return [name for name in names if not args.only or any(name.startswith(prefix) for prefix in args.only)]


def wanted(args, specs):
    """The methods that --methods names, by their beginning."""
    return [spec for spec in specs if not args.methods or any(spec.startswith(prefix) for prefix in args.methods)]
