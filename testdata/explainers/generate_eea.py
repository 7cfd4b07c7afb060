"""Writes what PyTorch computes of EEA: eea.json, the losses of masks and of whole steps; eea.safetensors, weights and masks.

A ViT that explains a ResNet and a ResNet that explains a ViT: two steps of training on four images each, then one step of
fine-tuning on one image with the optimiser's state of the training, in float64 from weights and images of float32.

Run: python testdata/explainers/generate_eea.py        Versions: testdata/requirements.txt
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torch.optim import AdamW

from networks_of import MEAN, STD, cnn, flat, normalised, state, vit

HERE = pathlib.Path(__file__).parent
SIDE, CLASSES = 16, 3


class CnnExplainer(nn.Module):
    """The encoder of the CIFAR ResNet, its BatchNorm on stored statistics, and a 1x1 convolution."""

    def __init__(self, net):
        super().__init__()
        self.net, self.mask = net, nn.Conv2d(16, 1, 1).double()
        nn.init.normal_(self.mask.weight, std=0.1)
        self.frozen = []

    def forward(self, x):
        return torch.sigmoid(self.mask(self.net.features(x)))


class VitExplainer(nn.Module):
    """The tokens of timm's ViT behind its last norm, each through two linear layers; its embedding does not learn."""

    def __init__(self, net):
        super().__init__()
        self.net, dim = net, net.embed_dim
        self.mask = nn.ModuleDict({"fc1": nn.Linear(dim, dim), "fc2": nn.Linear(dim, 1)}).double()
        for layer in self.mask.values():
            nn.init.normal_(layer.weight, std=0.5)
        self.frozen = [net.cls_token, net.pos_embed, *net.patch_embed.parameters()]

    def forward(self, x):
        tokens = self.net.forward_features(x)[:, 1:]
        grid = int(tokens.shape[1] ** 0.5)
        mask = torch.sigmoid(self.mask["fc2"](torch.tanh(self.mask["fc1"](tokens))))
        return mask.reshape(len(x), 1, grid, grid)


def mask_loss(kind, mask):
    if kind == "double-sigmoid":
        return F.binary_cross_entropy_with_logits(mask, torch.zeros_like(mask))
    return F.binary_cross_entropy(mask, torch.zeros_like(mask)) if kind == "bce" else mask.mean()


def loss_of(explainer, explained, pixels, labels, kind, weight):
    """The masks and the loss: pixels are multiplied before they are normalised."""
    mask = explainer(normalised(pixels))
    large = F.interpolate(mask, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return mask, F.cross_entropy(explained(normalised(pixels * large)), labels) + weight * mask_loss(kind, mask)


def weights_of(explainer):
    """Named as in the graph: the encoder's own names, and those of the head."""
    named = {name.removeprefix("net."): value for name, value in explainer.state_dict().items()}
    heads = ("head.", "linear.", "num_batches")
    return {name: value for name, value in named.items() if not any(part in name for part in heads)}


def steps(name, explainer, explained, kind, weight, pixels, labels):
    for parameter in explainer.frozen + list(explained.parameters()):
        parameter.requires_grad_(False)
    explainer.eval(), explained.eval()
    tensors, losses = state(f"{name}.0", weights_of(explainer)), []
    learns = [p for p in explainer.parameters() if p.requires_grad]
    optimiser = AdamW(learns, lr=2e-3, weight_decay=0.01)
    batches = [slice(0, 4), slice(4, 8), slice(8, 9), slice(8, 9)]
    for step, rows in enumerate(batches):
        optimiser.zero_grad()
        masks, loss = loss_of(explainer, explained, pixels[rows], labels[rows], kind, weight)
        tensors[f"{name}.masks.{step}"] = masks.detach().float().contiguous()
        losses.append(loss.item())
        loss.backward()
        optimiser.step()
        tensors.update(state(f"{name}.{step + 1}", weights_of(explainer)) if step in (1, 2) else {})
    return tensors, losses


torch.manual_seed(0)
pixels = torch.rand(9, 3, SIDE, SIDE).float().double()
labels = torch.tensor([0, 1, 2, 0, 2, 2, 1, 0, 1])
logits = 2 * torch.randn(2, 1, 3, 4).float().double()
kinds = ("double-sigmoid", "bce", "l1")
golden = {"mean": MEAN, "std": STD, "labels": labels.tolist(), "logits": flat(logits), "steps": {},
          "losses": {kind: mask_loss(kind, torch.sigmoid(logits)).item() for kind in kinds}}
tensors = {"pixels": pixels.float()}
for name, explainer, explained, kind, weight in [
    ("vit_explains_cnn", VitExplainer(vit(1)), cnn(2), "double-sigmoid", 5.0),
    ("cnn_explains_vit", CnnExplainer(cnn(3)), vit(4), "bce", 0.7),
]:
    tensors.update(state(f"{name}.explained", explained.state_dict()))
    found, golden["steps"][name] = steps(name, explainer, explained, kind, weight, pixels, labels)
    tensors.update(found)
save_file(tensors, HERE / "eea.safetensors")
(HERE / "eea.json").write_text(json.dumps(golden) + "\n")
