"""Writes reference relevance maps of the small networks: zennit for the usual presets, and the formulas of the Coherency
study's code (methods of the Coherency paper) written down here again in PyTorch.

Run: python testdata/attribution/generate_lrp.py   Versions: testdata/requirements.txt (torch 2.15.0, zennit 0.5.1).
Of every map (2, 3, 64, 64) each fifth row and each third column is kept: `lrp/<net>.<preset>.npy`, (2, 3, 13, 22).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from zennit import composites, rules, types
from zennit.attribution import Gradient
from zennit.torchvision import ResNetCanonizer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))
from networks import folded, load  # noqa: E402

CLASSES = torch.tensor([3, 7])
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def save(name, maps):
    (HERE / "lrp").mkdir(exist_ok=True)
    np.save(HERE / f"lrp/{name}.npy", maps.detach().numpy()[:, :, ::5, ::3].astype("<f4"))


def first_then(first, layers):
    """The first layer's rule, rules by kind, and zennit's own rules for sums, pools and activations."""
    return composites.SpecialFirstLayerMapComposite(
        layers + composites.layer_map_base(), [(types.Linear, first)], canonizers=[ResNetCanonizer()]
    )


def presets(mean=MEAN, std=STD):
    """zennit's composites, for images that are normalised so."""
    low, high = (((bound - mean).double() / std.double())[None, :, None, None] for bound in (0.0, 1.0))
    given = {"canonizers": [ResNetCanonizer()]}
    plus, gamma, small = rules.ZPlus(), rules.Gamma(0.25), rules.Epsilon(1e-6)
    return {
        "epsilon-plus": composites.EpsilonPlus(**given),
        "epsilon-plus-flat": composites.EpsilonPlusFlat(**given),
        "epsilon-gamma-box": composites.EpsilonGammaBox(low, high, **given),
        "epsilon-alpha2-beta1": composites.EpsilonAlpha2Beta1(**given),
        "epsilon-alpha2-beta1-flat": composites.EpsilonAlpha2Beta1Flat(**given),
        "z-plus-box": first_then(rules.ZBox(low, high), [(types.Convolution, plus), (nn.Linear, plus)]),
        "w-square": first_then(rules.WSquare(), [(types.Convolution, gamma), (nn.Linear, small)]),
        "epsilon": first_then(rules.Epsilon(0.01), [(types.Convolution, rules.Epsilon(0.01)), (nn.Linear, rules.Epsilon(0.01))]),
    }


def safe(z):
    return torch.where(z == 0, torch.full_like(z, torch.finfo(torch.float32).eps), z)


class Rule(torch.autograd.Function):
    """A layer whose backward pass is `relevance(x, r)`, divided by its sum for each image."""

    @staticmethod
    def forward(ctx, x, layer, relevance):
        ctx.save_for_backward(x)
        ctx.relevance = relevance
        return layer(x)

    @staticmethod
    def backward(ctx, r):
        share = ctx.relevance(ctx.saved_tensors[0], r)
        return share / share.sum((1, 2, 3) if share.ndim == 4 else 1, keepdim=True), None, None


def gradient(f, x, s):
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        return torch.autograd.grad(f(x), x, s)[0]


def linear_part(layer, change):
    """The layer with changed weights and no bias."""
    weight = change(layer.weight)
    if isinstance(layer, nn.Linear):
        return lambda x: nn.functional.linear(x, weight)
    return lambda x: nn.functional.conv2d(x, weight, None, layer.stride, layer.padding)


def coherency_rule(layer, first):
    plus, minus = lambda w: w.clamp(min=0), lambda w: w.clamp(max=0)
    if first:
        whole, up, down = (linear_part(layer, change) for change in (lambda w: w, plus, minus))

        def box(x, r):
            low, high = -torch.ones_like(x), torch.ones_like(x)
            s = r / safe(whole(x) - up(low) - down(high))
            return x * gradient(whole, x, s) - low * gradient(up, low, s) - high * gradient(down, high, s)

        return box
    if isinstance(layer, (nn.Conv2d, nn.Linear)):
        up, down = linear_part(layer, plus), linear_part(layer, minus)
        part = lambda f, x, r: x * gradient(f, x, r / safe(f(x)))
        return lambda x, r: part(up, x.clamp(min=0), r) + part(down, x.clamp(max=0), r)
    if isinstance(layer, (nn.MaxPool2d, nn.AdaptiveAvgPool2d)):
        forward = type(layer).forward
        return lambda x, r: x * gradient(lambda y: forward(layer, y), x, r / safe(forward(layer, x)))
    return lambda x, r: r


def coherency(net, x, targets):
    first = True
    for layer in net.modules():
        if list(layer.children()):
            continue
        original, relevance = layer.forward, coherency_rule(layer, first)
        layer.forward = lambda x, original=original, relevance=relevance: Rule.apply(x, original, relevance)
        first = False
    x = x.clone().requires_grad_()
    scores = net(x).gather(1, targets[:, None])
    return torch.autograd.grad(scores.sum(), x)[0]


def main():
    x = torch.from_numpy(np.load(HERE.parent / "models/input.npy")).double()
    for name in ["tiny_basic", "tiny_bottleneck"]:
        for preset, composite in presets().items():
            net = folded(load(name))
            with Gradient(model=net, composite=composite) as attributor:
                _, maps = attributor(x.clone(), torch.eye(10, dtype=x.dtype)[CLASSES])
            save(f"{name}.{preset}", maps)
        net = load(name)
        for module in net.modules():
            if isinstance(module, nn.ReLU):
                module.inplace = False
        save(f"{name}.coherency", coherency(net, x, CLASSES))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
