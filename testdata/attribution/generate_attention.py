"""Writes reference maps of the small ViT of testdata/models for the methods that read attention, from the papers' formulas: a
forward pass written out step by step, its gradients by PyTorch, and relevance propagated by hand.

Run: python testdata/attribution/generate_attention.py        Versions: testdata/requirements.txt.
`tiny_vit/<method>.npy` is the class token's row on its 4 x 4 grid, (2, 4, 4); `attn-lrp` is (2, 3, 64, 64), each fifth row and
third column kept.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))
from tiny_transformers import load  # noqa: E402

CLASSES = torch.tensor([3, 7])


def split(x, heads):
    return x.reshape(len(x), x.shape[1], heads, -1).transpose(1, 2)


def join(x):
    return x.transpose(1, 2).flatten(2)


class Run:
    """All values of one forward pass; attention matrices keep their gradients."""

    def __init__(self, net, x, targets, replaced=None):
        self.net, self.x, self.targets, self.blocks = net, x, targets, []
        self.patches = net.patch_embed.proj(x)
        tokens = self.patches.flatten(2).transpose(1, 2)
        self.before = torch.cat([net.cls_token.expand(len(x), -1, -1), tokens], 1)
        self.start = t = self.before + net.pos_embed
        for i, block in enumerate(net.blocks):
            v = {"x": t, "n1": block.norm1(t)}
            v["qkv"] = block.attn.qkv(v["n1"])
            v["q"], v["k"], v["v"] = (split(part, block.attn.num_heads) for part in v["qkv"].chunk(3, 2))
            v["raw"] = v["q"] @ v["k"].transpose(2, 3)
            v["dots"] = v["raw"] * block.attn.scale
            v["a"] = v["dots"].softmax(3)
            if replaced is not None and i + 1 == len(net.blocks):
                v["a"] = replaced.clone().requires_grad_()
            if v["a"].requires_grad:
                v["a"].retain_grad()
            v["o"] = v["a"] @ v["v"]
            v["proj"] = block.attn.proj(join(v["o"]))
            v["x1"] = t + v["proj"]
            v["n2"] = block.norm2(v["x1"])
            v["h"] = block.mlp.fc1(v["n2"])
            v["g"] = F.gelu(v["h"])
            v["f"] = block.mlp.fc2(v["g"])
            t = v["x1"] + v["f"]
            self.blocks.append(v)
        self.end, self.norm = t, net.norm(t)
        self.logits = net.head(self.norm[:, 0])

    def scores(self):
        return self.logits.gather(1, self.targets[:, None])


def safe(z, epsilon):
    return z + epsilon * torch.where(z >= 0, 1.0, -1.0)


def linear(layer, x, r, rule, epsilon=1e-9):
    w, plus, minus = layer.weight, layer.weight.clamp(min=0), layer.weight.clamp(max=0)
    up, down = x.clamp(min=0), x.clamp(max=0)
    if rule == "epsilon":
        return x * ((r / safe(layer(x), epsilon)) @ w)
    if rule == "positive":
        s = r / safe(up @ plus.T + down @ minus.T, epsilon)
        return up * (s @ plus) + down * (s @ minus)
    part = lambda a, b: a * ((r / torch.where(a @ b.T == 0, 1e-9, a @ b.T)) @ b)
    return part(up, plus) + part(down, minus)


def product(a, b, r, epsilon=1e-9):
    """Halves of the proportional shares of a matrix product."""
    s = r / safe(a @ b, epsilon)
    return a * (s @ b.transpose(-1, -2)) / 2, b * (a.transpose(-1, -2) @ s) / 2


def add(a, b, r, balanced, epsilon=1e-9):
    s = r / safe(a + b, epsilon)
    a, b = a * s, b * s
    if not balanced:
        return a, b
    total = lambda x: x.sum(tuple(range(1, x.ndim)), keepdim=True)
    whole = total(a).abs() + total(b).abs()
    return tuple(x * (total(x).abs() / whole * total(r)) / total(x) for x in (a, b))


@torch.no_grad()
def relevance(run, rule, balanced, epsilon=1e-9, softmax=lambda v, r: r):
    """Relevance of every attention matrix, and of the first tokens."""
    net, found = run.net, []
    r = linear(net.head, run.norm[:, 0], torch.eye(run.logits.shape[1], dtype=run.x.dtype)[run.targets], rule, epsilon)
    tokens = torch.zeros_like(run.end)
    tokens[:, 0] = r
    for block, v in zip(reversed(net.blocks), reversed(run.blocks)):
        skip, r = add(v["x1"], v["f"], tokens, balanced, epsilon)
        r = linear(block.mlp.fc1, v["n2"], linear(block.mlp.fc2, v["g"], r, rule, epsilon), rule, epsilon)
        skip, r = add(v["x"], v["proj"], skip + r, balanced, epsilon)
        r = split(linear(block.attn.proj, join(v["o"]), r, rule, epsilon), block.attn.num_heads)
        ra, rv = product(v["a"], v["v"], r, epsilon)
        found.insert(0, ra)
        rq, rk = product(v["q"], v["k"].transpose(2, 3), softmax(v, ra), epsilon)
        r = torch.cat([join(rq), join(rk.transpose(2, 3)), join(rv)], 2)
        tokens = skip + linear(block.attn.qkv, v["n1"], r, rule, epsilon)
    return found, tokens


def rollout(matrices, normalise):
    product = None
    for a in matrices:
        a = a + torch.eye(a.shape[1], dtype=a.dtype)
        a = a / a.sum(2, keepdim=True) if normalise else a
        product = a if product is None else a @ product
    return product


def row(matrix):
    side = round((matrix.shape[2] - 1) ** 0.5)
    return matrix[:, 0, 1:].reshape(-1, side, side)


def attn_lrp(net, x, targets):
    run, epsilon = Run(net, x, targets), 1e-6
    with torch.no_grad():
        softmax = lambda v, r: v["dots"] * (r - v["a"] * r.sum(3, keepdim=True))
        _, tokens = relevance(run, "epsilon", False, epsilon, softmax)
        r = (run.before * tokens / safe(run.start, epsilon))[:, 1:].transpose(1, 2).reshape(run.patches.shape)
    leaf = x.clone().requires_grad_()
    s = r / safe(run.patches.detach(), epsilon)
    return x * torch.autograd.grad(net.patch_embed.proj(leaf), leaf, s)[0]


def iia(net, x, targets, steps=2):
    maps = []
    for image, target in zip(x, targets[:, None]):
        sums = [0.0 for _ in net.blocks]
        for i in range(steps + 1):
            at = (image * i / steps)[None].requires_grad_()
            last = Run(net, at, target).blocks[-1]["a"].detach()
            for k in range(steps + 1):
                run = Run(net, at, target, last * k / steps)
                run.scores().sum().backward()
                sums = [s + (v["a"] * v["a"].grad).clamp(min=0).mean(1).detach() for s, v in zip(sums, run.blocks)]
        maps.append(row(rollout([s / (steps + 1) ** 2 for s in sums], True)))
    return torch.cat(maps)


def maps(net, x, targets):
    """Of every method that ends in a matrix of the tokens: (n, h, w) on the grid."""
    run = Run(net, x, targets)
    assert torch.allclose(run.logits, net(x), atol=1e-4)
    run.scores().sum().backward()
    a, g = [v["a"].detach() for v in run.blocks], [v["a"].grad for v in run.blocks]
    mean = lambda matrix: matrix.mean(1)
    carried = torch.eye(a[0].shape[2], dtype=x.dtype)
    for matrix, gradient in zip(a, g):
        carried = carried + mean((matrix * gradient).clamp(min=0)) @ carried
    last = a[-1] * g[-1][:, :, :1, 1:].mean((2, 3), keepdim=True)
    attributed = [mean((r * d).clamp(min=0)) for r, d in zip(relevance(run, "positive", True)[0], g)]
    found = {
        "attention": mean(a[-1]),
        "rollout": rollout(map(mean, a), True),
        "gradient-rollout": rollout([mean((m * d).clamp(min=0)) for m, d in zip(a, g)], True),
        "gradient-rollout.signed": rollout([mean(m * d) for m, d in zip(a, g)], False),
        "attention-gradcam": mean(last).clamp(min=0),
        "gae": carried,
        "t-attr": rollout(attributed[1:], False),
        "t-attr.all": rollout(attributed, False),
        "partial-lrp": mean(relevance(run, "apart", False)[0][-1].clamp(min=0)),
    }
    return {name: row(matrix) for name, matrix in found.items()}


def main():
    x = torch.from_numpy(np.load(HERE.parent / "models/input.npy")).double()
    net = load("tiny_vit")
    for name, values in {**maps(net, x, CLASSES), "iia": iia(net, x, CLASSES)}.items():
        np.save(HERE / f"tiny_vit/{name}.npy", values.detach().numpy().astype("<f4"))
    values = attn_lrp(net, x, CLASSES).detach().numpy()
    np.save(HERE / "tiny_vit/attn-lrp.npy", values[:, :, ::5, ::3].astype("<f4"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
