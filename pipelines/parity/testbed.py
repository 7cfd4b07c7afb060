"""The embedded ViT in PyTorch: timm's transformer behind a stem of convolutions, with the weights and the images of testdata/testbed."""

import csv

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from parity.common import MEAN, ROOT, STD, run

FOLDER = ROOT / "testdata/testbed"
MODEL = ["--model", "testbed-vit"]
SIDE, COLUMNS = 64, 8


class Stem(nn.Module):
    """3x3 convolutions of stride 2 and 1 in turn, each with BatchNorm and ReLU, and a 1x1 convolution."""

    LAYERS = {0: (3, 16, 2), 2: (16, 32, 2), 3: (32, 32, 1), 4: (32, 64, 2), 5: (64, 64, 1)}

    def __init__(self):
        super().__init__()
        for number, (before, after, stride) in self.LAYERS.items():
            self.add_module(f"conv{number}", nn.Conv2d(before, after, 3, stride, 1, bias=False))
            self.add_module(f"bn{number}", nn.BatchNorm2d(after))
        self.proj = nn.Conv2d(64, 64, 1)

    def forward(self, x):
        for number in self.LAYERS:
            x = torch.relu(self.get_submodule(f"bn{number}")(self.get_submodule(f"conv{number}")(x)))
        return self.proj(x).flatten(2).transpose(1, 2)


def vit():
    net = VisionTransformer(img_size=SIDE, patch_size=8, embed_dim=64, depth=4, num_heads=4, mlp_ratio=2, num_classes=10)
    net.patch_embed = Stem()
    weights = {name: value.float() for name, value in load_file(FOLDER / "vit.safetensors").items()}
    missing, unexpected = net.load_state_dict(weights, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
    return net.eval().requires_grad_(False)


def write_images(folder):
    """The embedded images as files, with their labels."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet, rows = Image.open(FOLDER / "images.png").convert("RGB"), []
    with open(FOLDER / "images.csv") as file:
        for number, row in enumerate(csv.DictReader(file)):
            y, x = (SIDE * at for at in divmod(number, COLUMNS))
            rows.append((folder / f"{number:03}.png", int(row["label"])))
            sheet.crop((x, y, x + SIDE, y + SIDE)).save(rows[-1][0])
    return rows


def image(path):
    pixels = torch.tensor(np.asarray(Image.open(path).convert("RGB"))).permute(2, 0, 1) / 255
    return (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def same_scores(args, subject, table):
    """Whether our network gives the scores of this one."""
    (model, net, prepare), common = subject, ["--device", args.device, "-q"]
    _, maps = run(args.bin / "explain", [*model, *common, "-m", "random", "-o", args.out / "testbed-maps", "--images", table])
    rows, _ = run(args.bin / "perturb", [*model, *common, "-t", "mask"], stdin=maps)
    clean = [row for row in rows if row["point"] == "0"]
    theirs = [float(net(prepare(row["image"])[None])[0, int(row["target"])]) for row in clean]
    far = max(abs(float(row["logit"]) - score) for row, score in zip(clean, theirs))
    print(f"scores of the embedded ViT: {len(clean)} images, at most {far:.1e} apart", flush=True)
    return len(clean) > 0 and far < 1e-4
