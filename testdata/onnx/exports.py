"""Seeded weights for any network, and exports of it to ONNX by both of PyTorch's exporters; shared by the generator here
and by pipelines/parity."""

import inspect
import logging
import math
import warnings

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from timm import layers
from torch import nn

# The older exporter knows no fused attention before operator set 14, and PyTorch's fused attention module in none.
layers.set_fused_attn(False)
torch.backends.mha.set_fastpath_enabled(False)
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

# Operator sets of the older exporter (TorchScript), and of the newer one: its lowest and its own choice.
TORCHSCRIPT = (11, 13, 17, 18)
DYNAMO = (18, None)
# BatchNorm stays a node of its own. Otherwise the exporters fold it into the weights before it, which rounds them anew.
APART = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}


def plain_attention(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1) @ v


@torch.no_grad()
def settle(net, x, seed):
    """Random weights with which activations neither vanish nor explode: every convolution and linear layer gives values
    of deviation 1 for `x`, BatchNorm has the statistics of what it sees, disturbed; scales and shifts all count."""
    torch.manual_seed(seed)
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    scales = {id(m.weight) for m in net.modules() if "Norm" in type(m).__name__ and getattr(m, "weight", None) is not None}
    for name, weight in net.named_parameters():
        if id(weight) in scales or name.endswith(("gamma", "layer_scale")):
            weight.copy_(0.6 + 0.8 * torch.rand_like(weight))
        elif name.endswith(("weight", "in_proj_weight")):
            weight.copy_(torch.randn_like(weight) / weight[0].numel() ** 0.5)
        else:
            weight.copy_(0.2 * torch.randn_like(weight))

    def unit(module, _, y):
        deviation = y.std()
        module.weight /= deviation
        if module.bias is not None:
            module.bias /= deviation
        return y / deviation

    hooks = [m.register_forward_hook(unit) for m in net.modules() if type(m) in (nn.Conv2d, nn.Linear)]
    net.eval()
    for norm in norms:
        norm.momentum = None
        norm.train()
    net(x)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        norm.running_mean += 0.1 * norm.running_var.sqrt() * torch.randn(norm.num_features)
        norm.running_var *= 0.9 + 0.2 * torch.rand(norm.num_features)
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return net.eval().requires_grad_(False)


def answers(net, x):
    """Logits (the method `scores` of a network that ends in a softmax), and at each image the gradient of its largest."""
    x = x.clone().requires_grad_()
    logits = getattr(net, "scores", net)(x)
    (gradient,) = torch.autograd.grad(logits.max(1).values.sum(), x)
    return logits.detach().numpy(), gradient.numpy()


def save(prefix, arrays, kind="<f4"):
    for name, values in arrays.items():
        np.save(f"{prefix}{name}.npy", values.astype("<f4" if name == "logits" else kind))


def distance(found, expected):
    """Relative error in L2."""
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def rounding(net, x, gradient):
    """How far PyTorch's own float32 gradients are from that of float64, and from each other: as it computes them, with
    channels last, and for images that differ by about one unit in the last place. Activations that are so near their
    kink that such rounding moves them to its other side make it much more than rounding."""
    torch.manual_seed(0)
    cases = [answers(net, x)[1], answers(net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last))[1]]
    net.to(memory_format=torch.contiguous_format)
    cases += [answers(net, x * (1 + 1e-7 * torch.randn_like(x)))[1] for _ in range(4)]
    return np.array([distance(case, gradient) for case in cases])


def images(count, side, seed):
    """Smooth random images with a little noise: pure noise looks the same to every network."""
    torch.manual_seed(seed)
    smooth = F.interpolate(torch.randn(count, 3, 7, 7), (side, side), mode="bicubic", align_corners=False)
    return smooth + 0.3 * torch.randn(count, 3, side, side)


def export(net, x, path, opset, dynamo, free, **settings):
    """Writes a file for any number of images (`free`) or for one. False if the exporter cannot: PyTorch's own attention
    module needs operator set 13. Further settings are the exporter's."""
    if not dynamo and opset < 13 and any(isinstance(module, nn.MultiheadAttention) for module in net.modules()):
        return False
    fused = F.scaled_dot_product_attention
    try:
        (export_dynamo if dynamo else export_torchscript)(net, x, str(path), opset, free, **settings)
    finally:
        F.scaled_dot_product_attention = fused
    return True


def export_dynamo(net, x, path, opset, free, **chosen):
    argument = next(iter(inspect.signature(net.forward).parameters))
    shapes = {argument: {0: torch.export.Dim("n")}} if free else None
    if opset is not None:
        chosen["opset_version"] = opset
    settings = {"dynamo": True, "dynamic_shapes": shapes, "external_data": False, "verbose": False}
    torch.onnx.export(net, (x if free else x[:1],), path, **settings, **chosen)


def export_torchscript(net, x, path, opset, free, **chosen):
    if opset < 14:
        F.scaled_dot_product_attention = plain_attention
    axes = {"input": {0: "n"}, "logits": {0: "n"}} if free else None
    names = {"input_names": ["input"], "output_names": ["logits"]}
    torch.onnx.export(net, (x[:1],), path, dynamo=False, opset_version=opset, dynamic_axes=axes, **names, **chosen)


def operators(path):
    """The operator set of a file and how many nodes it has."""
    model = onnx.load(path, load_external_data=False)
    return model.opset_import[0].version, len(model.graph.node)
