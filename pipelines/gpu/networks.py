"""The networks: embedded, the small ONNX files of testdata, and big ones with weights of the user's or made-up ones."""

import json
import random
import struct
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = ["testbed/000", "testbed/001"]


@dataclass(frozen=True)
class Network:
    name: str
    options: tuple
    small: bool


def small(out):
    """The embedded network, and a file of each architecture in testdata/onnx."""
    preprocess = out / "16.json"
    preprocess.write_text(json.dumps({
        "input_size": [3, 16, 16], "crop_pct": 1.0, "interpolation": "bilinear",
        "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
    }))
    yield Network("testbed", (), True)
    for file in sorted((ROOT / "testdata/onnx").glob("*.17.free.onnx")):
        yield Network(file.name.split(".")[0] + ".onnx", ("--model", file, "--preprocess", preprocess), True)


def big(given, out):
    """Those that `NAME=FILE` names; ResNet-50 and ViT-B/16 have made-up weights if nobody names them."""
    chosen = dict(pair.split("=", 1) for pair in given)
    for name, shapes in {"resnet50": resnet50, "vit-b16": vit_b16}.items():
        if not any(key == name or key == f"{name}-v1" for key in chosen):
            chosen[name] = out / f"{name}.safetensors"
            if not chosen[name].exists():
                write(chosen[name], shapes())
    for name, file in chosen.items():
        yield Network(name, ("--model", name, "--weights", Path(file).resolve(), "--preprocess", "imagenet"), False)


def resnet50():
    """Names and shapes of torchvision's ResNet-50."""
    def convolution(name, norm, out, inside, side):
        yield f"{name}.weight", [out, inside, side, side]
        for part in ("weight", "bias", "running_mean", "running_var"):
            yield f"{norm}.{part}", [out]

    yield from convolution("conv1", "bn1", 64, 3, 7)
    inside = 64
    for stage, blocks in enumerate([3, 4, 6, 3], 1):
        width = 32 << stage
        for block in range(blocks):
            at = f"layer{stage}.{block}"
            yield from convolution(f"{at}.conv1", f"{at}.bn1", width, inside, 1)
            yield from convolution(f"{at}.conv2", f"{at}.bn2", width, width, 3)
            yield from convolution(f"{at}.conv3", f"{at}.bn3", 4 * width, width, 1)
            if block == 0:
                yield from convolution(f"{at}.downsample.0", f"{at}.downsample.1", 4 * width, inside, 1)
            inside = 4 * width
    yield from {"fc.weight": [1000, inside], "fc.bias": [1000]}.items()


def vit_b16(width=768):
    """Names and shapes of timm's vit_base_patch16_224."""
    def layer(name, *shape):
        return {f"{name}.weight": [*shape], f"{name}.bias": [shape[0]]}.items()

    yield from {"cls_token": [1, 1, width], "pos_embed": [1, 197, width]}.items()
    yield from layer("patch_embed.proj", width, 3, 16, 16)
    for block in range(12):
        at = f"blocks.{block}"
        yield from (*layer(f"{at}.norm1", width), *layer(f"{at}.attn.qkv", 3 * width, width))
        yield from (*layer(f"{at}.attn.proj", width, width), *layer(f"{at}.norm2", width))
        yield from (*layer(f"{at}.mlp.fc1", 4 * width, width), *layer(f"{at}.mlp.fc2", width, 4 * width))
    yield from (*layer("norm", width), *layer("head", 1000, width))


def write(path, shapes):
    """A .safetensors file of f16: matrices and kernels by their fan-in, variances and scales one, the rest small."""
    header, parts, offset = {}, [], 0
    for name, shape in shapes:
        data = numbers(name, shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [offset, offset + len(data)]}
        parts.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def numbers(name, shape, period=4099):
    """A tensor: a seeded pattern over and over."""
    count, fan_in = 1, 1
    for side in shape:
        count *= side
    for side in shape[1:]:
        fan_in *= side
    draw = random.Random(name).uniform
    if len(shape) > 1 and fan_in > 1 and name.endswith("weight"):
        scale = (3 / fan_in) ** 0.5
        pattern = [draw(-scale, scale) for _ in range(period)]
    elif name.endswith(("weight", "running_var")):
        pattern = [1.0] * period
    else:
        pattern = [draw(-0.1, 0.1) for _ in range(period)]
    packed = struct.pack(f"<{period}e", *pattern)
    return (packed * (count // period + 1))[: 2 * count]
