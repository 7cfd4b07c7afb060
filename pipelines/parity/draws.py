"""Methods that draw random numbers, whose draws cannot be given from outside: two maps by ours, two by an independent
implementation, each with another seed. Maps of both must be as alike as maps of one: the mean correlation across may be at
most 0.02 below the mean correlation within, and sizes (L2 norms, the median of the images' ratios) at most a tenth apart."""

import math
from functools import partial

import numpy as np
import shap
import torch
import torch.nn.functional as F
from captum.attr import GradientShap, NoiseTunnel, Saliency
from lime.lime_image import LimeImageExplainer

from parity.common import MEAN, STD, explain, read_map, wanted

BELOW, APART, IMAGES, CELLS = 0.02, 0.1, 8, 4


def noisy(kind, net, x, target):
    deviation = 0.15 * float(x.max() - x.min())
    tunnel = NoiseTunnel(Saliency(net))
    return tunnel.attribute(x, nt_type=kind, nt_samples=100, stdevs=deviation, target=target, abs=False)[0]


def gradient_shap(net, x, target):
    return GradientShap(net).attribute(x, torch.zeros_like(x), n_samples=100, stdevs=0.1, target=target)[0]


def expected_gradients(net, x, target):
    mean, std = (torch.tensor(part)[:, None, None] for part in (MEAN, STD))
    baselines = (torch.rand(500, *x.shape[1:]) - mean) / std
    return GradientShap(net).attribute(x, baselines, n_samples=400, stdevs=0.0, target=target)[0]


def probability(net, inputs, target):
    return torch.cat([net(part).softmax(1)[:, target] for part in inputs.split(256)])


def rise(net, x, target, count=2000, grid=7):
    side = x.shape[2]
    cell = math.ceil(side / grid)
    small, offsets = (torch.rand(count, 1, grid, grid) < 0.5).float(), torch.randint(0, cell + 1, (count, 2)).tolist()
    grown = F.interpolate(small, ((grid + 1) * cell,) * 2, mode="bilinear", align_corners=False)
    masks = torch.stack([mask[:, dy : dy + side, dx : dx + side] for mask, (dy, dx) in zip(grown, offsets)])
    return (probability(net, x * masks, target)[:, None, None, None] * masks).sum(0)[0] / (0.5 * count)


def grown(rows, side):
    """Masks of cells as images."""
    return rows.reshape(-1, 1, CELLS, CELLS).repeat_interleave(side // CELLS, 2).repeat_interleave(side // CELLS, 3)


def painted(values, side):
    return grown(torch.as_tensor(np.asarray(values), dtype=torch.float32), side)[0, 0]


def lime(net, x, target):
    """The package; its `width` is the root of 2 times ours, for it has the root of the paper's kernel."""
    mean, std, side = np.array(MEAN), np.array(STD), x.shape[2]
    cells = painted(np.arange(CELLS**2), side).numpy().astype(int)

    def scores(images):
        batch = torch.from_numpy((np.stack(images) - mean) / std).float().movedim(-1, 1)
        return torch.cat([net(part).softmax(1) for part in batch.split(256)]).numpy()

    image = x[0].movedim(0, -1).numpy() * std + mean
    explainer = LimeImageExplainer(kernel_width=0.25, feature_selection="none", random_state=int(torch.randint(1 << 30, ())))
    settings = {"labels": (target,), "top_labels": None, "hide_color": mean, "num_features": CELLS**2, "num_samples": 2000}
    found = explainer.explain_instance(image, scores, segmentation_fn=lambda _: cells, batch_size=256, **settings)
    return painted([value for _, value in sorted(found.local_exp[target])], side)


def kernel_shap(net, x, target):
    side = x.shape[2]
    score = lambda rows: probability(net, x * grown(torch.from_numpy(rows).float(), side), target).numpy()
    np.random.seed(int(torch.randint(1 << 30, ())))
    explainer = shap.KernelExplainer(score, np.zeros((1, CELLS**2)))
    return painted(explainer.shap_values(np.ones(CELLS**2), nsamples=4000, l1_reg=False, silent=True), side)


def resized(values, side):
    return F.interpolate(values.reshape(1, 1, CELLS, CELLS), (side, side), mode="bilinear", align_corners=False)[0, 0]


def hsic(net, x, target, designs=2000):
    """tr(K H L H) / (n - 1)^2 as matrices: K 1/2 where a cell is the same in two designs and -1/2 where not, L Gaussian."""
    rows = torch.randint(0, 2, (designs, CELLS**2)).float()
    scores = probability(net, x * grown(rows, x.shape[2]), target).double()
    apart = (scores[:, None] - scores[None]).abs()
    width = apart[np.tril_indices(designs, -1)].median()
    centring = torch.eye(designs, dtype=torch.double) - 1 / designs
    centred = centring @ torch.exp(-(apart**2) / (2 * width**2)) @ centring
    same = lambda column: (column[:, None] == column[None]).double() - 0.5
    values = torch.stack([(same(column) * centred).sum() for column in rows.T]) / (designs - 1) ** 2
    return resized(values.float(), x.shape[2])


def sobol(net, x, target, designs=256):
    """Total indices by Jansen's estimator, of independent uniform designs."""
    a, b = torch.rand(2, designs, CELLS**2)
    score = lambda rows: probability(net, x * grown(rows, x.shape[2]), target)
    whole, values = score(a), []
    for cell in range(CELLS**2):
        mixed = a.clone()
        mixed[:, cell] = b[:, cell]
        values.append(((whole - score(mixed)) ** 2).mean() / 2 / whole.var())
    return resized(torch.stack(values), x.shape[2])


GRID = f"segments=grid,cells={CELLS}"
METHODS = {
    "smoothgrad:samples=100": partial(noisy, "smoothgrad"),
    "squaregrad:samples=100": partial(noisy, "smoothgrad_sq"),
    "vargrad:samples=100": partial(noisy, "vargrad"),
    "gradient-shap:samples=100,noise=0.1": gradient_shap,
    "expected-gradients:samples=400": expected_gradients,
    "rise:masks=2000": rise,
    f"lime:samples=2000,width={0.25 * 2**0.5:.6f},{GRID}": lime,
    f"kernel-shap:samples=4000,{GRID}": kernel_shap,
    f"hsic:grid={CELLS},designs=2000": hsic,
    f"sobol:grid={CELLS},designs=256": sobol,
}


def compare(args, network):
    model, make, _, _, write, read, *_ = network
    net = make()
    paths, good = write(args.out / "draws-images", IMAGES), True
    print("\n| method | images | ours and ours | reference and reference | ours and reference | sizes | |\n|---|---:|---:|---:|---:|---:|---|")
    for spec in wanted(args, METHODS):
        reference, ours, theirs = METHODS[spec], [], []
        for seed in (0, 1):
            rows, _ = explain(args, model, [spec], paths, args.out / f"draws-{seed}", "--reduce", "none", "-q", "--seed", seed)
            ours.append([read_map(row).ravel() for row in rows])
            torch.manual_seed(1000 + seed)
            maps = [reference(net, read(row["image"])[None], int(row["target"])) for row in rows]
            theirs.append([np.asarray(one.detach()).ravel() for one in maps])
        good &= report(spec, np.array(ours), np.array(theirs))
    return good


def report(spec, ours, theirs):
    """Both are (seeds, images, values)."""
    like = lambda a, b: np.mean([np.corrcoef(one, other)[0, 1] for one, other in zip(a, b)])
    within, peer = like(*ours), like(*theirs)
    across = np.mean([like(a, b) for a in ours for b in theirs])
    size = np.median(np.linalg.norm(ours, axis=2).mean(0) / np.linalg.norm(theirs, axis=2).mean(0))
    fine = across > (within + peer) / 2 - BELOW and abs(size - 1) < APART
    cells = [f"`{spec}`", ours.shape[1], *(f"{value:.4f}" for value in (within, peer, across, size)), "ok" if fine else "TOO FAR"]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return bool(fine)
