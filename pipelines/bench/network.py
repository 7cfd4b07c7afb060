"""The networks in PyTorch, as a careful user loads them, cut at the layer that Grad-CAM reads."""

import os
from pathlib import Path

import architectures
import tiny_transformers  # out of testdata/models, which `architectures` has added to the path
import timm
import torch
from safetensors.torch import load_file, save_file

from parity.common import DATA, image, resnet50_v1

VIT = "vit_base_patch16_224"


def write_vit(path):
    """Seeded weights of ViT-B/16 with timm's names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    net = tiny_transformers.randomise(timm.create_model(VIT), 303)
    save_file(tiny_transformers.halves(net), f"{path}.tmp")
    os.replace(f"{path}.tmp", path)


def vit(path):
    net = timm.create_model(VIT)
    net.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    for block in net.blocks:
        block.attn.fused_attn = True  # the generators of testdata switch it off
    return net


def resnet_before(net, x):
    x = net.maxpool(net.relu(net.bn1(net.conv1(x))))
    return net.layer4(net.layer3(net.layer2(net.layer1(x)))), None


def vit_before(net, x):
    x = net.norm_pre(net._pos_embed(net.patch_embed(x)))
    x = net.blocks[:-1](x)
    return net.blocks[-1].norm1(x), x


def vit_after(net, normed, x):
    last = net.blocks[-1]
    x = x + last.attn(normed)
    return net.forward_head(net.norm(x + last.mlp(last.norm2(x))))


def token_grid(tokens):
    """The patches' tokens (n, 1 + 196, c) as (n, c, 14, 14)."""
    return tokens[:, 1:].transpose(1, 2).unflatten(2, (14, 14))


class Network:
    """`net` is for the libraries, `fast` for our loops: channels-last where that helps. `before` gives what the layer gives
    and what goes around it, `after` the scores of both; `grid` makes the layer's values (n, c, h, w)."""

    def __init__(self, name, weights, device):
        make = {"resnet50-v1": resnet50_v1, "mobilenet-v2": lambda: architectures.mobilenet_v2(DATA),
                "vit-b16": lambda: vit(weights)}[name]
        self.net = make().eval().requires_grad_(False).to(device)
        self.fast, self.layout, self.grid = self.net, torch.contiguous_format, None
        if name == "vit-b16":
            self.before, self.after, self.layer = vit_before, vit_after, self.net.blocks[-1].norm1
            self.grid = token_grid
            return
        self.layout = torch.channels_last
        self.fast = make().eval().requires_grad_(False).to(device, memory_format=self.layout)
        if name == "resnet50-v1":
            self.before, self.layer = resnet_before, self.net.layer4
            self.after = lambda net, values, _: net.fc(net.avgpool(values).flatten(1))
        else:
            self.before, self.layer = lambda net, x: (net.features(x), None), self.net.features[-1]
            self.after = lambda net, values, _: net.classifier(values.mean((2, 3)))

    def attention_matrices(self, x):
        """Attention of every block, (n, heads, t, t), and the scores; attention must exist for that, so it is not fused."""
        seen, blocks = [], self.net.blocks
        hooks = [block.attn.attn_drop.register_forward_hook(lambda *got: seen.append(got[2])) for block in blocks]
        for block in blocks:
            block.attn.fused_attn = False
        scores = self.net(x)
        for block, hook in zip(blocks, hooks):
            block.attn.fused_attn = True
            hook.remove()
        return seen, scores


def images(paths):
    return torch.stack([image(Path(path)) for path in paths])
