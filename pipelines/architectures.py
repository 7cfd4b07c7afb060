"""The architectures that the zoo has, as torchvision and timm define them: seeded at full size, or with real weights."""

import sys
import zlib
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision import models
from torchvision.transforms import InterpolationMode, v2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "testdata/models"))
from networks import CifarResNet, stride_in_first_conv  # noqa: E402
from zoo import BinaryCnn, outputs, images, randomise  # noqa: E402

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
RESNETS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
TORCHVISION = [
    "alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn", "squeezenet1_0",
    "squeezenet1_1", "densenet121", "densenet161", "densenet169", "densenet201", "mobilenet_v2", "mobilenet_v3_large",
    "mobilenet_v3_small",
]
LITE_SIDES = [224, 240, 260, 300, 380]


def ours(name):
    """What `--model` calls torchvision's network."""
    return name.replace("_", ".") if name.startswith("squeezenet") else name.replace("_", "-")


def thirds(net):
    """Three modules of torchvision's `features`: early, in the middle, and the whole. Not convolutions: a BatchNorm may
    be folded into them."""
    children = [f"features.{name}" for name, child in net.features.named_children() if not isinstance(child, nn.Conv2d)]
    return [children[len(children) // 3], children[2 * len(children) // 3], "features"]


def full():
    """Name, constructor, side of the images and three modules to compare, of each architecture."""
    create = lambda name: models.get_model(name, weights=None)
    for name in RESNETS:
        yield name, lambda name=name: create(name), 224, ["layer1", "layer2", "layer4"]
    for name in RESNETS[2:]:
        yield f"{name}-v1", lambda name=name: stride_in_first_conv(create(name)), 224, ["layer1", "layer2", "layer4"]
    for depth in [20, 32, 44, 56, 110]:
        cifar = lambda depth=depth: CifarResNet((depth - 2) // 6, 16)
        yield f"cifar-resnet{depth}", cifar, 32, ["layer1", "layer2", "layer3"]
    for name in TORCHVISION:
        yield ours(name), lambda name=name: create(name), 224, None
    for size, side in enumerate(LITE_SIDES):
        lite = lambda size=size: timm.create_model(f"tf_efficientnet_lite{size}")
        yield f"efficientnet-lite{size}", lite, side, ["blocks.1", "blocks.3", "bn2.act"]
    yield "binary-cnn", BinaryCnn, 224, ["bn0", "bn2", "bn3"]


def old_names(state):
    """DenseNet's keys as in torchvision's files: `denselayer1.norm.1.weight`."""
    parts = {f".{part}{i}.": f".{part}.{i}." for part in ("norm", "conv") for i in (1, 2)}

    def rename(key):
        for new, old in parts.items():
            key = key.replace(new, old) if ".denselayer" in key else key
        return key

    return {rename(key): value for key, value in state.items()}


def write_seeded(folder, only):
    """Writes seeded weights, two inputs, logits and three features of each architecture whose name starts with one of
    `only`. The weights are a .pth file; networks of less than 60 million parameters have a .safetensors file too."""
    for name, make, side, points in full():
        if only and not any(name.startswith(prefix) for prefix in only):
            continue
        place = folder / name
        (place / "features").mkdir(parents=True, exist_ok=True)
        net = randomise(make(), side, zlib.crc32(name.encode()))
        state = {key: value.clone().contiguous() for key, value in net.state_dict().items()}
        torch.save(old_names(state), place / "weights.pth")
        if sum(value.numel() for value in state.values()) < 60e6:
            save_file(state, place / "weights.safetensors")
        x = images(2, side)
        logits, features = outputs(net, x, points or thirds(net))
        save(place / "input", x)
        save(place / "logits", logits)
        for layer, values in features.items():
            save(place / "features" / layer, values)
        apart = (logits[0] - logits[1]).abs().mean()
        print(f"{name}: logits have the deviation {logits.std():.2f}; the two images differ by {apart:.2f}", flush=True)


def save(path, values):
    np.save(f"{path}.npy", values.numpy().astype("<f4"))


def prepare(side, crop, mode, mean, std):
    steps = [v2.Resize(side, mode), v2.CenterCrop(crop), v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True)]
    return v2.Compose([*steps, v2.Normalize(mean, std)])


IMAGENET = prepare(256, 224, InterpolationMode.BILINEAR, MEAN, STD)


def mobilenet_v2(data):
    net = models.mobilenet_v2(weights=None)
    net.load_state_dict(torch.load(data / "weights/mobilenet_v2-b0353104.pth", weights_only=True))
    return net.eval()


def squeezenet(data):
    net = models.squeezenet1_1(weights=None)
    net.load_state_dict(load_file(data / "weights/squeezenet1_1.safetensors"))
    return net.eval()


def efficientnet_lite(data):
    """The file's tensors in timm's network: they come in the same order."""
    net = timm.create_model("tf_efficientnet_lite0")
    file = torch.load(data / "weights/efficientnet-lite0-57934424.pth", weights_only=True)
    net.load_state_dict(dict(zip(net.state_dict(), file.values(), strict=True)))
    return net.eval()


# Constructors of the networks with real weights, from the data folder, and how their images are prepared.
REAL = {
    "mobilenet-v2": (mobilenet_v2, IMAGENET),
    "squeezenet1.1": (squeezenet, IMAGENET),
    "efficientnet-lite0": (
        efficientnet_lite,
        prepare(256, 224, InterpolationMode.BICUBIC, (127 / 255,) * 3, (128 / 255,) * 3),
    ),
}
