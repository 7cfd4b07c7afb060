"""Every explanation method on three networks with real weights and real images, against the implementations of
`references.py`: ResNet-50 v1 on ImageNet images, and the ResNet-20 and the ViT of CIFAR-10 on its test images.

Maps are compared with the reference in float64. Where an activation crosses zero, gradients jump, and so do choices between
values that are nearly equal (in `guided-ig` each decides all that follow). How far rounding moves the reference itself is
measured: it in float32, and in float64 at images changed by 1e-7. A method passes if all maps are within 1e-3 in relative L2;
or if the median is within 1e-3 or twice the median of that movement, and the correlation is above 0.999 wherever the moved
reference's is, but for one image in five. Methods that draw are compared in `draws.py`.
"""

import sys

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torchvision.models import resnet
from torchvision.transforms import v2

from parity import draws, onnx_exports, references
from parity.common import (
    DATA, MEAN, RESNET50, STD, chosen, distance, explain, image, read_map, resnet50_v1, wanted, write_images,
)

L2, SPEARMAN = 1e-3, 0.999
CIFAR = v2.Compose([v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])


class Shortcut(nn.Module):
    """Option A: every second pixel, zero channels evenly before and after."""

    def forward(self, x):
        pad = x.shape[1] // 2
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, pad, pad))


class CifarResNet(resnet.ResNet):
    """torchvision's forward pass for a CIFAR ResNet: no max-pooling, and `layer4` changes nothing."""

    def __init__(self, blocks):
        super().__init__(resnet.BasicBlock, [1, 1, 1, 1], num_classes=10)
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.maxpool, self.layer4, self.fc = nn.Identity(), nn.Sequential(), nn.Linear(64, 10)
        inside = 16
        for stage, outside in enumerate([16, 32, 64], 1):
            sizes = [(inside, outside), *[(outside, outside)] * (blocks - 1)]
            block = lambda a, b: resnet.BasicBlock(a, b, 1 if a == b else 2, None if a == b else Shortcut())
            setattr(self, f"layer{stage}", nn.Sequential(*[block(*size) for size in sizes]))
            inside = outside


def cifar_resnet20():
    net = CifarResNet(3)
    state = load_file(DATA / "weights/cifar10-resnet20.safetensors")
    net.load_state_dict({name.replace("linear.", "fc."): value.float() for name, value in state.items()})
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return net.eval().requires_grad_(False)


class Case:
    """A network for a reference: shared, and fresh where the reference changes it."""

    def __init__(self, make, kind, baselines, layer, blocks):
        self.make, self.baselines, self.layer, self.blocks = make, baselines, layer, blocks
        self.net = self.fresh(kind)

    def fresh(self, kind):
        return self.make().to(kind).requires_grad_(False).eval()


def cifar_images(folder, count):
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.load(DATA / "cifar10/test-images.npy", mmap_mode="r")
    paths = [folder / f"{i:05}.png" for i in range(0, len(pixels), len(pixels) // count)][:count]
    for path in paths:
        Image.fromarray(np.array(pixels[int(path.stem)])).save(path)
    return paths


def cifar_image(path):
    return CIFAR(Image.open(path).convert("RGB"))


def weights(name, file):
    return ["--model", name, "--weights", DATA / "weights" / file]


# Arguments of explain, constructor, references, images: how many, how they are written and read; last layer, ends of blocks.
NETWORKS = {
    "cifar-resnet20": (
        weights("cifar-resnet20", "cifar10-resnet20.safetensors"), cifar_resnet20, references.CNN | references.MASKS, 10,
        cifar_images, cifar_image, "layer3", ["layer1", "layer2", "layer3"],
    ),
    "cifar-vit": (
        weights("cifar-vit", "cifar10-vit.safetensors"), lambda: onnx_exports.cifar_vit(DATA), references.VIT, 10,
        cifar_images, cifar_image, None, None,
    ),
    "resnet50-v1": (RESNET50, resnet50_v1, references.CNN | references.TORCHVISION, 5, write_images, image, "layer4", None),
}


def methods(args):
    print("| network | method | images | ours: median | most | reference moved by rounding: median | most | Spearman | |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---|")
    good = True
    for name, (model, make, table, count, write, read, layer, blocks) in NETWORKS.items():
        if name not in chosen(args, NETWORKS):
            continue
        paths = write(args.out / f"methods-{name}", count)
        baselines = [read(path) for path in paths[:3]]
        cases = [Case(make, kind, baselines, layer, blocks) for kind in (torch.float64, torch.float32)]
        given = [part for path in paths[:3] for part in ("--baselines", path)]
        for spec in wanted(args, table):
            reference = table[spec]
            more = given if "baseline=images" in spec else []
            rows, _ = explain(args, model, [spec], paths, args.out / "methods-maps", "--reduce", "none", "-q", *more)
            measured = np.array([compare(cases, reference, row, read) for row in rows])
            good &= report(name, spec, measured) and len(rows) == count
    return draws.compare(args, NETWORKS["cifar-resnet20"]) and good


def compare(cases, reference, row, read):
    """Distance and correlation from the reference in float64: of ours, and of the reference where rounding moves it."""
    x, targets = read(row["image"])[None], torch.tensor([int(row["target"])])
    if int(cases[1].net(x).argmax()) != targets:
        sys.exit(f"{row['image']}: we predict class {row['target']}, PyTorch another one")
    ask = lambda case, x: np.asarray(torch.as_tensor(reference(case, x, targets)).detach()).astype(float)[0]
    torch.manual_seed(0)
    exact = ask(cases[0], x.double())
    moved = [ask(cases[1], x), ask(cases[0], x.double() * (1 + 1e-7 * torch.randn_like(x.double())))]
    own, own_rho = zip(*(distance(one, exact) for one in moved))
    return [*distance(read_map(row), exact), max(own), min(own_rho)]


def report(name, spec, measured):
    ours, rho, own, own_rho = measured.T
    close = (ours < L2).all()
    fine = close or (np.median(ours) <= max(L2, 2 * np.median(own)) and np.mean((rho > SPEARMAN) | (own_rho <= SPEARMAN)) >= 0.8)
    cells = [name, f"`{spec}`", len(ours), *(f"{v:.1e}" for part in (ours, own) for v in (np.median(part), part.max()))]
    print("| " + " | ".join(map(str, [*cells, f"{rho.min():.6f}", "ok" if fine else "TOO FAR"])) + " |", flush=True)
    return bool(fine)
