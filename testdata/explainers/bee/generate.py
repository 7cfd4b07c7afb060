"""Writes reference maps of BEE for given baselines (Barkan et al. 2025, equations 1 to 3), from the formulas in PyTorch and float64.

Run: python testdata/explainers/bee/generate.py   Versions: testdata/requirements.txt (torch 2.15.0, scipy 1.17.1, saliency 0.2.1).
Of every map (n, 1, 64, 64) each fifth row and each third column is kept, (n, 1, 13, 22); `tiny_vit.*` are on the grid, (n, 1, 4, 4).
It also prints what AdamW makes of a linear layer, for the test in `bandit/layer.rs`.
"""

import sys
from pathlib import Path

import numpy as np
import saliency.core as pair
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter

HERE = Path(__file__).parent
DATA = HERE.parent.parent
sys.path[:0] = [str(DATA / "models"), str(DATA / "attribution")]
from generate_attention import Run, rollout  # noqa: E402
from generate_more import pair_call  # noqa: E402
from networks import load  # noqa: E402
from tiny_transformers import load as load_transformer  # noqa: E402

CLASSES = [3, 7]
# Of three paths the image and the baselines: the last one is the mean over two.
PATHS = [(0, [0]), (1, [1]), (0, [1, 2])]


def save(name, maps):
    np.save(HERE / f"{name}.npy", maps.detach().numpy().astype("<f4"))


def strided(maps):
    return maps[:, :, ::5, ::3]


def path(v, b, steps, gradient, psi, displacement):
    """Equation 3 for one image and one baseline: `mean_c (v - b)/n * sum_k psi`."""
    total = 0
    for k in range(1, steps + 1):
        r = b + k / steps * (v - b)
        total = total + psi(gradient(r), r)
    total = total / steps
    return (total * (v - b) if displacement else total).mean(1, keepdim=True)


def features(net, x, baselines):
    with torch.no_grad():
        stem = net.maxpool(F.relu(net.bn1(net.conv1(x))))
        values = net.layer3(net.layer2(net.layer1(stem)))

    def gradient(target):
        def at(r):
            leaf = r.clone().requires_grad_()
            net.fc(net.layer4(leaf).mean((2, 3)))[:, target].sum().backward()
            return leaf.grad

        return at

    product, relu = (lambda g, r: g * r), (lambda g, r: g.clamp(min=0) * r.clamp(min=0))
    cases = {
        "product": (10, product, True),
        "product.flat": (10, product, False),
        "published": (4, relu, False),
        "gradient": (7, lambda g, r: g, True),
    }
    for name, (steps, psi, displacement) in cases.items():
        maps = []
        for image, of in PATHS:
            v, g = values[image : image + 1], gradient(CLASSES[image])
            each = [path(v, baselines[b : b + 1], steps, g, psi, displacement) for b in of]
            maps.append(sum(each) / len(each))
        whole = F.interpolate(torch.cat(maps), x.shape[2:], mode="bicubic", align_corners=False)
        save(f"tiny_basic.{name}", strided(whole))


def attention(net, x, baselines, steps=10):
    for name, positive in {"product": False, "relu": True}.items():
        maps = []
        for image, target in enumerate(CLASSES):
            one, t = x[image : image + 1], torch.tensor([target])
            values = Run(net, one, t).blocks[-1]["a"].detach()
            b, total = baselines[image : image + 1], 0
            for k in range(1, steps + 1):
                # The input needs a gradient, or attention before the replaced block would have none.
                run = Run(net, one.clone().requires_grad_(), t, b + k / steps * (values - b))
                run.scores().sum().backward()
                products = [v["a"] * v["a"].grad for v in run.blocks]
                products = [p.clamp(min=0) if positive else p for p in products]
                total = total + rollout([p.mean(1).detach() for p in products], positive)
            whole = (values - b).mean(1) * total / steps
            maps.append(whole[:, :1, 1:].reshape(1, 1, 4, 4))
        save(f"tiny_vit.{name}", torch.cat(maps))


def pixels(net, x, baselines, steps=10):
    def gradient(at, target):
        leaf = at.clone().requires_grad_()
        net(leaf)[:, target].sum().backward()
        return leaf.grad

    maps = {"straight": [], "blurred": [], "guided": []}
    blurred = lambda d, s: torch.from_numpy(gaussian_filter(d.numpy(), [0, 0, s, s], mode="constant")) if s > 0 else d
    for image, target in enumerate(CLASSES):
        one, b = x[image : image + 1], baselines[image : image + 1]
        way = one - b
        straight = sum(gradient(b + k / steps * way, target) for k in range(1, steps + 1)) / steps
        maps["straight"].append(straight * way)
        total = 0
        for i in range(steps):
            s, h = 50 * i / steps, 0.01
            change = (blurred(way, s + h) - blurred(way, s)) / h
            total = total - 50 / steps * change * gradient(b + blurred(way, s), target)
        maps["blurred"].append(total)
        call = pair_call(net, x.dtype)
        last = lambda t: t[0].movedim(0, -1).numpy()
        guided = pair.GuidedIG().GetMask(
            last(one), call, {"target": target}, x_baseline=last(b), x_steps=steps, max_dist=1.0, fraction=0.5
        )
        maps["guided"].append(torch.from_numpy(np.moveaxis(guided, -1, 0))[None])
    for name, found in maps.items():
        save(f"tiny_basic.{name}", strided(torch.cat(found).sum(1, keepdim=True)))


def layer():
    """Four steps of AdamW down `-ln sigmoid(y u W f)` from the identity."""
    w = torch.eye(3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.AdamW([w], lr=1e-3, weight_decay=0.01)
    for step in range(4):
        u = torch.tensor([0.5, -1.0, 0.25], dtype=torch.float64) * (step + 1)
        f = torch.tensor([1.0, 0.0, -2.0], dtype=torch.float64) + step
        y = 1 if step != 2 else -1
        optimiser.zero_grad()
        F.softplus(-y * u @ (w @ f)).backward()
        optimiser.step()
    print("layer:", w.detach().flatten().tolist())


def main():
    x = torch.from_numpy(np.load(DATA / "models/input.npy")).double()
    random = np.random.default_rng(0)
    given = torch.from_numpy(random.uniform(-0.5, 1.5, (3, 32, 4, 4)).astype("<f4")).double()
    matrices = torch.from_numpy(random.uniform(0, 1, (2, 3, 17, 17)).astype("<f4")).double()
    matrices = (matrices / matrices.sum(3, keepdim=True)).float().double()
    save("layer3.baselines", given)
    save("attention.baselines", matrices)
    small = random.uniform(-1, 1, (1, 2, 5, 7)).astype("<f4")
    blurs = [gaussian_filter(small.astype("f8"), [0, 0, s, s], mode="constant") for s in (1.7, 30)]
    save("blur", torch.from_numpy(np.concatenate([small.astype("f8"), *blurs])))
    net = load("tiny_basic")
    features(net, x, given)
    noise = torch.from_numpy(np.load(DATA / "attribution/smoothgrad_noise.npy")).double()
    pixels(net, x, noise[:2])
    attention(load_transformer("tiny_vit"), x, matrices)
    layer()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
