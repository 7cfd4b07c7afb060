"""Writes reference maps of the small networks for the methods beyond `generate.py`: Captum, pytorch-grad-cam and PAIR's
saliency where they have the method, the papers' formulas written down in PyTorch where none has.

Run: python testdata/attribution/generate_more.py   Versions: testdata/requirements.txt (torch 2.15.0, captum 0.9.0,
grad-cam 1.5.7, saliency 0.2.1). Of every map (2, c, 64, 64) each fifth row and each third column is kept:
`more/<net>.<method>.npy`, (2, c, 13, 22). Everything is computed in float64 and raw: signed, not scaled, not reduced.
"""

import sys
from pathlib import Path

import numpy as np
import saliency.core as pair
import torch
import torch.nn.functional as F
from captum.attr import Deconvolution, GuidedBackprop, Saliency
from pytorch_grad_cam import EigenCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, XGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn
from torchvision.transforms import GaussianBlur

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))
import zoo  # noqa: E402
from networks import load  # noqa: E402

CLASSES = torch.tensor([3, 7])
# PAIR's library calls an argument by a name that NumPy has dropped.
quantile = np.quantile
np.quantile = lambda a, q, interpolation="linear": quantile(a, q, method=interpolation)


def save(name, maps):
    (HERE / "more").mkdir(exist_ok=True)
    maps = torch.as_tensor(np.asarray(maps.detach() if isinstance(maps, torch.Tensor) else maps))
    maps = maps[:, None] if maps.ndim == 3 else maps
    np.save(HERE / f"more/{name}.npy", maps.numpy()[:, :, ::5, ::3].astype("<f4"))


def up(maps, x):
    """Maps (n, h, w) at the size of the images."""
    return F.interpolate(maps[:, None], x.shape[2:], mode="bilinear", align_corners=False)


def at_layer(net, x, targets, layer="layer4"):
    """The layer's values and the gradients of the target logits there."""
    held = {}

    def hook(_, __, value):
        value.retain_grad()
        held["values"] = value

    handle = net.get_submodule(layer).register_forward_hook(hook)
    net(x.clone().requires_grad_()).gather(1, targets[:, None]).sum().backward()
    handle.remove()
    return held["values"].detach(), held["values"].grad


def gradients(net, x, targets):
    noise = torch.from_numpy(np.load(HERE / "smoothgrad_noise.npy")).double()
    each = torch.stack([Saliency(net).attribute(x + n, targets, abs=False) for n in noise])
    return {"squaregrad": (each**2).mean(0), "vargrad": (each**2).mean(0) - each.mean(0) ** 2}


def cams(net, x, classes):
    """pytorch-grad-cam's weights times the layer's values at the layer's size, then resized: without its scaling."""
    targets = [ClassifierOutputTarget(int(c)) for c in classes]
    values, grads = at_layer(net, x, classes)
    found = {}
    for name, kind in {"gradcam++": GradCAMPlusPlus, "xgradcam": XGradCAM, "hirescam": HiResCAM}.items():
        with kind(net, [net.layer4]) as cam:
            raw = cam.get_cam_image(x, net.layer4, targets, values.numpy(), grads.numpy(), False)
        found[name] = up(torch.from_numpy(np.maximum(raw, 0)), x)
    first = torch.from_numpy(EigenCAM(net, [net.layer4]).get_cam_image(x, None, None, values.numpy(), None, False))
    flat = first.flatten(1)
    heaviest = flat.gather(1, flat.abs().argmax(1, keepdim=True)).sign()
    found["eigencam"] = up(first * heaviest[:, :, None], x)
    den = 2 * grads**2 + (values * grads**3).sum((2, 3), keepdim=True)
    alpha = torch.where(grads == 0, 0.0, grads**2 / (torch.where(den == 0, 1.0, den) + 1e-6))
    found["gradcam++.bee"] = up(((alpha * grads.clamp(min=0)).sum((2, 3), keepdim=True) * values).sum(1), x)
    return found


def layercam(net, x, layer, targets):
    """pytorch-grad-cam's LayerCAM at feature resolution, before it scales the map to 0..1."""
    with LayerCAM(net, [net.get_submodule(layer)]) as cam:
        cam(x.clone().requires_grad_(), [ClassifierOutputTarget(int(c)) for c in targets])
        seen = cam.activations_and_grads
        values, gradients = seen.activations[0].detach().numpy(), seen.gradients[0].detach().numpy()
        return torch.from_numpy(np.maximum(cam.get_cam_image(x, None, None, values, gradients, False), 0))


@torch.no_grad()
def score_cam(net, x, targets):
    """The paper's formula; pytorch-grad-cam resizes its masks with align_corners=True."""
    maps, values = [], layer_values(net, x)[1]
    for image, channels, target in zip(x, values, targets):
        masks = F.interpolate(channels[:, None], x.shape[2:], mode="bilinear", align_corners=False)
        low, high = masks.amin((2, 3), keepdim=True), masks.amax((2, 3), keepdim=True)
        masks = torch.where(high > low, (masks - low) / (high - low), 0.0)
        weights = torch.cat([net(image * some)[:, target] for some in masks.split(64)]).softmax(0)
        maps.append((weights[:, None, None] * channels).sum(0).clamp(min=0))
    return up(torch.stack(maps), x)


@torch.no_grad()
def layer_values(net, x):
    """Logits, and the last feature maps."""
    held = {}
    handle = net.layer4.register_forward_hook(lambda _, __, value: held.update(values=value))
    logits = net(x)
    handle.remove()
    return logits, held["values"]


@torch.no_grad()
def ablation(net, x, targets):
    logits, values = layer_values(net, x)
    scores = logits.gather(1, targets[:, None])[:, 0]
    weights = torch.zeros(values.shape[:2], dtype=x.dtype)
    for c in range(values.shape[1]):
        without = values.clone()
        without[:, c] = 0
        left = net.fc(without.mean((2, 3))).gather(1, targets[:, None])[:, 0]
        weights[:, c] = (scores - left) / scores
    return up((weights[:, :, None, None] * values).sum(1).clamp(min=0), x)


def lift_cam(net, x, targets):
    """Behind layer4 stand only a mean and a matrix, so DeepLIFT's shares are weight times value."""
    values = layer_values(net, x)[1]
    weights = net.fc.weight[targets] * values.mean((2, 3))
    return up((weights[:, :, None, None] * values).sum(1).clamp(min=0), x)


def fullgrad(net, x, targets):
    """Bias terms of every convolution and BatchNorm (its effective bias), each scaled over channels and positions."""
    held, handles = [], []
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.Conv2d)):

            def hook(module, _, value):
                value.retain_grad()
                held.append((module, value))

            handles.append(module.register_forward_hook(hook))
    leaf = x.clone().requires_grad_()
    net(leaf).gather(1, targets[:, None]).sum().backward()
    [handle.remove() for handle in handles]

    def scaled(term):
        term = term.abs()
        term = term - term.amin((1, 2, 3), keepdim=True)
        return term / (term.amax((1, 2, 3), keepdim=True) + 1e-6)

    total = scaled(x * leaf.grad).sum(1, keepdim=True)
    for module, value in held:
        if isinstance(module, nn.BatchNorm2d):
            bias = module.bias - module.running_mean * module.weight / (module.running_var + module.eps).sqrt()
        elif module.bias is not None:
            bias = module.bias
        else:
            continue
        term = scaled(value.grad * bias[None, :, None, None]).sum(1, keepdim=True)
        total = total + F.interpolate(term, x.shape[2:], mode="bilinear", align_corners=True)
    return total


def pair_call(net, kind):
    """What PAIR's library asks for gradients of the target's logit; it has channels last."""

    def call(images, call_model_args=None, expected_keys=None):
        leaf = torch.from_numpy(np.asarray(images)).to(kind).movedim(-1, 1).requires_grad_()
        net(leaf)[:, call_model_args["target"]].sum().backward()
        return {pair.INPUT_OUTPUT_GRADIENTS: leaf.grad.movedim(1, -1).numpy()}

    return call


def from_pair(method, net, x, targets, **settings):
    maps, call = [], pair_call(net, x.dtype)
    for image, target in zip(x.movedim(1, -1).numpy(), targets.tolist()):
        maps.append(np.moveaxis(method.GetMask(image, call, {"target": target}, **settings), -1, 0))
    return np.stack(maps)


def guided_ig(net, x, targets):
    settings = {"x_baseline": np.zeros_like(x[0].movedim(0, -1).numpy()), "x_steps": 25, "max_dist": 0.3, "fraction": 0.5}
    return from_pair(pair.GuidedIG(), net, x, targets, **settings)


def blur_ig(net, x, targets):
    return from_pair(pair.BlurIG(), net, x, targets, max_sigma=10, steps=20, grad_step=0.01, batch_size=20)


def act_ig(net, x, targets, steps=10):
    values = layer_values(net, x)[1]
    total = 0
    for k in range(1, steps + 1):
        leaf = (values * k / steps).requires_grad_()
        net.fc(leaf.mean((2, 3))).gather(1, targets[:, None]).sum().backward()
        total = total + leaf.grad
    return up((values * total / steps).sum(1), x)


def iia(net, x, targets, steps=4):
    """Both variants of the convolutional form at layer4, whose tail is the mean and a matrix."""
    maps = {"iia": [], "iia.published": []}
    for image, target in zip(x, targets.tolist()):
        features = layer_values(net, torch.stack([image * i / steps for i in range(steps + 1)]))[1]
        base = features.min(0, keepdim=True).values

        def products(at):
            leaf = at.clone().requires_grad_()
            net.fc(leaf.mean((2, 3)))[:, target].sum().backward()
            return (leaf.grad * at.clamp(min=0)).sum((0, 1))

        inner = [products(base + (features - base) * k / steps) for k in range(steps + 1)]
        maps["iia"].append(sum(inner))
        maps["iia.published"].append(products(features))
    return {name: up(torch.stack(each), x) for name, each in maps.items()}


class UpperBound(nn.Module):
    def forward(self, x):
        return x.clamp(max=6)


def relu6(x):
    """Captum's rules for ReLUs on a network with ReLU6, each of which is made a ReLU and an upper bound."""
    net = zoo.load("mobilenet_v2")
    for parent in list(net.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.ReLU6):
                setattr(parent, name, nn.Sequential(nn.ReLU(), UpperBound()))
    save("mobilenet_v2.guided-backprop", GuidedBackprop(net).attribute(x, CLASSES))
    save("mobilenet_v2.deconvnet", Deconvolution(net).attribute(x, CLASSES))


def main():
    x = torch.from_numpy(np.load(HERE.parent / "models/input.npy")).double()
    for name in ["tiny_basic", "tiny_bottleneck"]:
        net = load(name)
        keep = lambda method, maps: save(f"{name}.{method}", maps)
        for part in (gradients, cams, iia):
            for method, maps in part(net, x, CLASSES).items():
                keep(method, maps)
        single = {"scorecam": score_cam, "ablation-cam": ablation, "lift-cam": lift_cam, "fullgrad": fullgrad, "act-ig": act_ig}
        single |= {"guided-ig": guided_ig, "blur-ig": blur_ig}
        for method, function in single.items():
            keep(method, function(net, x, CLASSES))
        keep("deconvnet", Deconvolution(net).attribute(x, CLASSES))
        keep("deeplift", deeplift(net, x, CLASSES, GaussianBlur(31, 10.0)(x)))
    relu6(x)


def deeplift(net, x, targets, baseline):
    """The rescale rule on images and baselines in one batch. Captum's DeepLift is not complete here: where windows of a
    max-pooling overlap, it keeps one of the shares that meet in a pixel and loses the others (3 to 13 % in relative L2)."""

    def rescaled(forward, share):
        class Rule(torch.autograd.Function):
            @staticmethod
            def forward(ctx, both):
                ctx.save_for_backward(both)
                return forward(both)

            @staticmethod
            def backward(ctx, m):
                (a, b), m = ctx.saved_tensors[0].chunk(2), m.chunk(2)[0]
                same = (a - b).abs() < 1e-10
                return torch.cat([share(a, b, m, same, torch.where(same, 1.0, a - b)), torch.zeros_like(b)])

        module = nn.Module()
        module.forward = Rule.apply
        return module

    def relu_share(a, b, m, same, difference):
        return m * torch.where(same, (a > 0).to(a.dtype), (a.clamp(min=0) - b.clamp(min=0)) / difference)

    def pool_share(a, b, m, same, difference):
        pool = net.maxpool_of
        largest = torch.maximum(pool(a), pool(b))
        change = gradient(pool, a, m * (largest - pool(b))) + gradient(pool, b, m * (pool(a) - largest))
        return torch.where(same, gradient(pool, a, m), change / difference)

    net.maxpool_of = lambda z: F.max_pool2d(z, 3, 2, 1)
    if isinstance(net.maxpool, nn.MaxPool2d):
        net.maxpool = rescaled(net.maxpool_of, pool_share)
    net.relu = rescaled(lambda z: z.clamp(min=0), relu_share)
    for block in [m for m in net.modules() if hasattr(m, "relu") and m is not net]:
        block.relu = net.relu
    both = torch.cat([x, baseline]).requires_grad_()
    net(both)[: len(x)].gather(1, targets[:, None]).sum().backward()
    return (x - baseline) * both.grad[: len(x)]


def gradient(f, x, s):
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        return torch.autograd.grad(f(x), x, s)[0]


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
