"""What a careful user writes in PyTorch: a batch at a time, no gradients that nobody needs, channels-last memory."""

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.transforms import GaussianBlur

from bench.peer import peer
from bench.rows import LOOP
from parity.common import MEAN, STD

BATCH = 16


def up(maps):
    return F.interpolate(maps, (224, 224), mode="bilinear")[:, 0]


def stacked(maps):
    return torch.stack(list(maps)).cpu().numpy()


@peer("gradcam", LOOP)
def gradcam(s):
    network, maps = s.network, []
    for x, targets in s.batches():
        with torch.no_grad():
            values, around = network.before(s.fast, s.lay(x))
        values.requires_grad_()
        scores = network.after(s.fast, values, around).gather(1, targets[:, None])
        parts = [values.detach(), *torch.autograd.grad(scores.sum(), values)]
        values, gradient = map(network.grid, parts) if network.grid else parts
        maps += [*up((gradient.mean((2, 3), keepdim=True) * values).sum(1, keepdim=True).relu())]
    return stacked(maps)


@peer("integrated-gradients", LOOP)
def integrated_gradients(s):
    rule, maps = np.polynomial.legendre.leggauss(50), []
    nodes, weights = (torch.tensor(part, dtype=torch.float32, device=s.device)[:, None, None, None] for part in rule)
    for x, target in zip(s.x, s.targets):
        total = torch.zeros_like(x)
        for a, w in zip(((1 + nodes) / 2).split(10), (weights / 2).split(10)):
            points = s.lay(a * x).requires_grad_()
            (gradient,) = torch.autograd.grad(s.fast(points)[:, target].sum(), points)
            total += (w * gradient).sum(0)
        maps.append((total * x).sum(0))
    return stacked(maps)


@peer("occlusion", LOOP)
@torch.inference_mode()
def occlusion(s, window=32, stride=16):
    places = range(0, 224 - window + 1, stride)
    covers = torch.zeros(len(places) ** 2, 1, 224, 224, device=s.device)
    for cover, (top, left) in zip(covers, ((top, left) for top in places for left in places)):
        cover[:, top : top + window, left : left + window] = 1
    maps = []
    for x, target in zip(s.x, s.targets):
        whole = s.fast(s.lay(x[None])).softmax(1)[0, target]
        behind = [s.fast(s.lay(x * (1 - part))).softmax(1)[:, target] for part in covers.split(BATCH)]
        drops = (whole - torch.cat(behind))[:, None, None] * covers[:, 0]
        maps.append(drops.sum(0) / covers.sum((0, 1)))
    return stacked(maps)


@peer("rise", LOOP)
@torch.inference_mode()
def rise(s, masks, grid=7, p=0.5):
    cell, maps = 224 // grid, []
    torch.manual_seed(0)
    for x, target in zip(s.x, s.targets):
        total = torch.zeros(224, 224, device=s.device)
        for start in range(0, masks, BATCH):
            count = min(BATCH, masks - start)
            grids = (torch.rand(count, 1, grid, grid, device=s.device) < p).float()
            grown = F.interpolate(grids, ((grid + 1) * cell,) * 2, mode="bilinear")
            offsets = torch.randint(0, cell + 1, (count, 2)).tolist()
            mask = torch.stack([m[:, dy : dy + 224, dx : dx + 224] for m, (dy, dx) in zip(grown, offsets)])
            scores = s.fast(s.lay(x * mask)).softmax(1)[:, target]
            total += (scores[:, None, None] * mask[:, 0]).sum(0)
        maps.append(total / (p * masks))
    return stacked(maps)


def curve(s, i, test, fill, points):
    x, rank, curve = s.x[i], s.ranks[i], []
    counts = torch.tensor([round(j * rank.numel() / (points - 1)) for j in range(points)], device=s.device)
    start, end = (x, fill) if test == "deletion" else (fill, x)
    for count in counts.split(BATCH):
        inputs = s.lay(torch.where(rank < count[:, None, None, None], end, start))
        curve.append(s.fast(inputs).softmax(1)[:, s.targets[i]])
    return torch.cat(curve).cpu().numpy()


@torch.inference_mode()
def curves(s, tests, points=101):
    """Curves of each image, one after another, of each test and its fill."""
    answers = []
    black = -(torch.tensor(MEAN) / torch.tensor(STD))[:, None, None].to(s.device)
    for i, x in enumerate(s.x):
        for test, fill in tests:
            filled = {"black": lambda: black.expand_as(x), "zero": lambda: torch.zeros_like(x),
                      "blur": lambda: GaussianBlur(11, 5.0)(x)}[fill]()
            answers.append(curve(s, i, test, filled, points))
    return np.stack(answers)


@peer("deletion", LOOP)
def deletion(s):
    return curves(s, [("deletion", "black")])


@peer("pixel-flipping", LOOP)
def pixel_flipping(s):
    return curves(s, [("deletion", "zero")], 97)


@peer("quantus-curves", LOOP)
def both_to_zero(s):
    return curves(s, [("deletion", "zero"), ("insertion", "zero")], 97)


@peer("curves", LOOP)
def deletion_and_insertion(s):
    return curves(s, [("deletion", "black"), ("insertion", "blur")])


def class_row(matrix):
    return up(matrix[:, 0, 1:].unflatten(1, (1, 14, 14)))


@peer("rollout", LOOP)
@torch.inference_mode()
def rollout(s):
    maps = []
    for x, _ in s.batches():
        carried = torch.eye(197, device=s.device)
        for attention in s.network.attention_matrices(x)[0]:
            mean = attention.mean(1) + torch.eye(197, device=s.device)
            carried = mean / mean.sum(2, keepdim=True) @ carried
        maps += [*class_row(carried)]
    return stacked(maps)


@peer("gae", LOOP)
def gae(s):
    maps = []
    for x, targets in s.batches():
        matrices, scores = s.network.attention_matrices(x.clone().requires_grad_())
        gradients = torch.autograd.grad(scores.gather(1, targets[:, None]).sum(), matrices)
        carried = torch.eye(197, device=s.device)
        for attention, gradient in zip(matrices, gradients):
            carried = carried + (attention.detach() * gradient).relu().mean(1) @ carried
        maps += [*class_row(carried)]
    return stacked(maps)
