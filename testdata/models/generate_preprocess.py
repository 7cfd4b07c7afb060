"""Writes preprocess/ (see README.md).

Run: python testdata/models/generate_preprocess.py        Versions: testdata/requirements.txt (torch 2.15.0,
torchvision 0.29.2, timm 1.0.31, pillow 13.0.0, numpy 2.4.6).
"""

import json

import numpy as np
import timm.data
import torch
from networks import HERE
from PIL import Image
from torchvision import transforms
from torchvision.transforms._presets import ImageClassification

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def save(path, values):
    np.save(HERE / f"{path}.npy", np.ascontiguousarray(np.asarray(values), dtype="<f4"))


def image():
    """A 90 x 70 image of smooth waves, an edge and noise."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:70, 0:90]
    waves = np.stack([np.sin(x / 9), np.cos((x + y) / 13), np.sin(y / 7 - x / 21)], axis=-1)
    pixels = 127 + 80 * waves + 30 * ((x - y) % 40 < 20)[..., None] + rng.normal(0, 12, (70, 90, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def preprocess():
    folder = HERE / "preprocess"
    folder.mkdir(exist_ok=True)
    image = image()
    image.save(folder / "image.png")
    bilinear, bicubic = transforms.InterpolationMode.BILINEAR, transforms.InterpolationMode.BICUBIC
    for name, steps in {
        "resize64_crop56": [transforms.Resize(64, bilinear), transforms.CenterCrop(56)],
        "resize64_crop56_bicubic": [transforms.Resize(64, bicubic), transforms.CenterCrop(56)],
        "resize64_crop55": [transforms.Resize(64, bilinear), transforms.CenterCrop(55)],
        "squash56": [transforms.Resize((56, 56), bilinear)],
    }.items():
        steps = transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
        save(f"preprocess/{name}", steps(image)[None])
    presets(image)
    configurations(image, folder)


def presets(image):
    """Every preset in full size, of which every eighth row and column is kept."""
    bilinear, bicubic = transforms.InterpolationMode.BILINEAR, transforms.InterpolationMode.BICUBIC
    tensor, crop = transforms.ToTensor(), transforms.CenterCrop(224)
    imagenet = [transforms.Resize(256, bilinear), crop, tensor]
    clip = transforms.Normalize((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))

    def lite(rgb):
        return (rgb.float() - 127) / 128

    caffe = torch.tensor([103.939, 116.779, 123.68]).reshape(3, 1, 1)
    for name, steps in {
        "imagenet": [*imagenet, transforms.Normalize(MEAN, STD)],
        "squash": [transforms.Resize((224, 224), bilinear), tensor, transforms.Normalize(MEAN, STD)],
        "inception": [*imagenet, transforms.Normalize((0.5,) * 3, (0.5,) * 3)],
        "clip": [transforms.Resize(224, bicubic), crop, tensor, clip],
        "caffe": [*imagenet[:2], transforms.PILToTensor(), lambda rgb: rgb.flip(0).float() - caffe],
        "deit": [transforms.Resize(256, bicubic), crop, tensor, transforms.Normalize(MEAN, STD)],
        "vit": [transforms.Resize(248, bicubic), crop, tensor, transforms.Normalize((0.5,) * 3, (0.5,) * 3)],
        "efficientnet-lite0": [transforms.Resize(256, bicubic), crop, transforms.PILToTensor(), lite],
        "efficientnet-lite3": [transforms.Resize(331, bilinear), transforms.CenterCrop(300),
                               transforms.PILToTensor(), lite],
        "imagenet-keep": [tensor, transforms.Normalize(MEAN, STD)],
        "none": [tensor],
    }.items():
        save(f"preprocess/{name}", transforms.Compose(steps)(image)[None, :, 4::8, 4::8])


def configurations(image, folder):
    """Configuration files, through timm's own transforms and those of torchvision's presets."""
    common = {"interpolation": "bicubic", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3]}
    for name, keys in {
        "timm_center": {"input_size": [3, 32, 32], "crop_pct": 0.9, "crop_mode": "center"},
        "timm_squash": {"input_size": [3, 32, 24], "crop_pct": 0.95, "crop_mode": "squash"},
    }.items():
        data = common | keys
        file = {"architecture": "any", "num_classes": 10, "pretrained_cfg": data | {"pool_size": None}}
        (folder / f"{name}.json").write_text(json.dumps(file, indent=2) + "\n")
        steps = timm.data.create_transform(**timm.data.resolve_data_config(pretrained_cfg=data))
        save(f"preprocess/{name}", steps(image)[None])
    data = common | {"resize_size": 40, "crop_size": 32}
    (folder / "torchvision.json").write_text(json.dumps(data, indent=2) + "\n")
    preset = ImageClassification(crop_size=32, resize_size=40, mean=data["mean"], std=data["std"],
                                 interpolation=transforms.InterpolationMode.BICUBIC)
    save("preprocess/torchvision", preset(image)[None])


if __name__ == "__main__":
    torch.set_num_threads(1)
    preprocess()
