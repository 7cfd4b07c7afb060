"""Writes small transformers that differ in their tokens, as ONNX files, and reference maps of the methods that read a row of the
attention, from the papers' formulas (see README.md). Which rows the scores read is written down here for each, and checked: rows
without a share have no gradient.

Run: python testdata/attribution/generate_tokens.py        Versions: testdata/requirements.txt.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "onnx"))
from exports import export, settle  # noqa: E402
from generate import strip  # noqa: E402
from timm.models.deit import VisionTransformerDistilled  # noqa: E402
from timm.models.vision_transformer import Block, VisionTransformer  # noqa: E402

SIZES = dict(img_size=16, patch_size=4, embed_dim=6, depth=2, num_heads=3, mlp_ratio=2, num_classes=5)
METHODS = ["attention", "rollout", "gradient-rollout", "attention-gradcam", "gae", "gradcam"]


class Both(nn.Module):
    """The class token and the mean of the patches, side by side, as DINOv2's linear classifier has them."""

    def __init__(self):
        super().__init__()
        self.vit, self.head = VisionTransformer(**SIZES, reg_tokens=2), nn.Linear(12, 5)
        self.blocks = self.vit.blocks

    def forward(self, x):
        x = self.vit.forward_features(x)
        return self.head(torch.cat([x[:, 0], x[:, 3:].mean(1)], 1))


class Behind(nn.Module):
    """A class token behind the patches."""

    def __init__(self):
        super().__init__()
        self.patches, self.token = nn.Conv2d(3, 6, 4, 4), nn.Parameter(torch.zeros(1, 1, 6))
        self.blocks, self.head = nn.Sequential(*[Block(6, 3, 2, qkv_bias=True) for _ in range(2)]), nn.Linear(6, 5)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([x, self.token.expand(x.shape[0], -1, -1)], 1)
        return self.head(self.blocks(x)[:, -1])


class Cut(nn.Module):
    """Patches that a reshape cuts out of 8 x 16 pixels, without any other token; the mean by pooling along the tokens."""

    def __init__(self):
        super().__init__()
        self.patches, self.positions = nn.Linear(48, 6), nn.Parameter(torch.zeros(1, 8, 6))
        self.blocks, self.pool = nn.Sequential(*[Block(6, 3, 2, qkv_bias=True) for _ in range(2)]), nn.AdaptiveAvgPool1d(1)
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        x = x.reshape(-1, 3, 2, 4, 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(-1, 8, 48)
        x = self.blocks(self.patches(x) + self.positions)
        return self.head(self.pool(x.transpose(1, 2)).flatten(1))


def shares(count, **tokens):
    """What each token counts: `t3=0.5` for one, `p5=1` for the patches from there to the end together."""
    found = torch.zeros(count, dtype=torch.float64)
    for key, share in tokens.items():
        place = int(key[1:])
        if key[0] == "t":
            found[place] += share
        else:
            found[place:] += share / (count - place)
    return found


# Network, rows and columns, tokens before the patches, what each token counts, operator set (none: the newer exporter).
NETWORKS = {
    "registers_mean": (lambda: VisionTransformer(**SIZES, reg_tokens=4, global_pool="avg"), (4, 4), 5, shares(21, p5=1), 17),
    "distilled": (lambda: VisionTransformerDistilled(**SIZES), (4, 4), 2, shares(18, t0=0.5, t1=0.5), 17),
    "class_and_mean": (Both, (4, 4), 3, shares(19, t0=0.5, p3=0.5), None),
    "wide": (lambda: VisionTransformer(**{**SIZES, "img_size": (8, 16)}, reg_tokens=1), (2, 4), 2, shares(10, t0=1), 17),
    "behind": (Behind, (4, 4), 0, shares(17, t16=1), None),
    "cut": (Cut, (2, 4), 0, shares(8, p0=1), 17),
}


def run(net, x):
    """Attention matrices and the tokens before the last attention, with the gradients of each image's largest logit."""
    seen, hooks = [], []
    for block in net.blocks:
        hooks.append(block.attn.attn_drop.register_forward_pre_hook(lambda m, args: seen.append(args[0])))
    tokens = []
    hooks.append(net.blocks[-1].norm1.register_forward_hook(lambda m, args, output: tokens.append(output)))
    logits = net(x.clone().requires_grad_())
    for value in seen + tokens:
        value.retain_grad()
    logits.max(1).values.sum().backward()
    for hook in hooks:
        hook.remove()
    pair = lambda value: (value.detach(), value.grad)
    return [pair(a) for a in seen], pair(tokens[0]), logits.argmax(1)


def rollout(matrices):
    product = torch.eye(matrices[0].shape[1], dtype=torch.float64)
    for a in matrices:
        a = a + torch.eye(a.shape[1], dtype=a.dtype)
        product = (a / a.sum(2, keepdim=True)) @ product
    return product


def maps(net, x, grid, first, counts):
    blocks, (tokens, slope), _ = run(net, x)
    last, gradient = blocks[-1]
    rows = gradient.abs().sum((0, 1, 3))
    assert ((rows > 0) == (counts > 0)).all(), rows
    patches = slice(first, first + grid[0] * grid[1])
    read = lambda matrix: (matrix * counts[:, None]).sum(-2)[..., patches]
    positive = [(a * g).clamp(min=0).mean(1) for a, g in blocks]
    carried = torch.eye(last.shape[2], dtype=x.dtype)
    for a in positive:
        carried = carried + a @ carried
    heads = read(gradient).mean(2)[:, :, None, None]
    weights = slope[:, patches].mean(1, keepdim=True)
    found = [
        read(last.mean(1)),
        read(rollout([a.mean(1) for a, _ in blocks])),
        read(rollout(positive)),
        read((last * heads).mean(1).clamp(min=0)),
        read(carried),
        (tokens[:, patches] * weights).sum(2).clamp(min=0),
    ]
    return torch.stack([row.reshape(-1, *grid) for row in found])


if __name__ == "__main__":
    torch.set_num_threads(1)
    images = torch.from_numpy(np.load(HERE.parent / "onnx/input.npy")).float()
    (HERE / "tokens").mkdir(exist_ok=True)
    for seed, (name, (build, grid, first, counts, opset)) in enumerate(NETWORKS.items(), 40):
        x = images[:, :, : 4 * grid[0]].contiguous()
        net = settle(build(), x, seed)
        path = HERE / f"tokens/{name}.onnx"
        export(net, x, path, opset, opset is None, True)
        strip(path)
        net = net.double().requires_grad_(False)
        values = maps(net, x.double(), grid, first, counts)
        classes = run(net, x.double())[2]
        np.save(HERE / f"tokens/{name}.npy", values.numpy().astype("<f4"))
        print(f"{name}: classes {classes.tolist()}, {path.stat().st_size} bytes, spread {values.std((2, 3)).mean(1).tolist()}")
