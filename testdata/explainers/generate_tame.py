"""Writes what PyTorch computes of TAME: tame.json, losses; tame.safetensors, weights, running statistics and maps.

Attention on the three stages of a CIFAR ResNet, three steps of training on four images each by the published recipe, in float64 from
weights and images of float32; the losses of the first step also by the published masks of the whole batch.

Run: python testdata/explainers/generate_tame.py        Versions: testdata/requirements.txt
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import OneCycleLR

from networks_of import MEAN, STD, cnn, normalised, rounded, state

HERE = pathlib.Path(__file__).parent
SIDE, CLASSES, RATE, STEPS = 16, 3, 0.05, 3


class Branch(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)) + x)


class Attention(nn.Module):
    """A branch for each feature map, brought to the size of the first one, and a 1x1 convolution over all."""

    def __init__(self, channels):
        super().__init__()
        self.branches = nn.ModuleList(Branch(c) for c in channels)
        self.fuse = nn.Conv2d(sum(channels), CLASSES, 1)

    def forward(self, maps):
        resize = lambda x: F.interpolate(x, size=maps[0].shape[2:], mode="bilinear", align_corners=False)
        return self.fuse(torch.cat([resize(branch(x)) for branch, x in zip(self.branches, maps)], 1))


def loss_of(explained, maps, pixels, labels, whole_batch=False):
    rows = torch.arange(len(labels))
    own = torch.sigmoid(maps[rows, labels])[:, None]
    large = F.interpolate(own, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    entropy = F.cross_entropy(explained(normalised(pixels * large)), labels)
    counted = torch.sigmoid(maps[:, labels]) if whole_batch else own
    steps = (counted[:, :, 1:] - counted[:, :, :-1]).square().sum() + (counted[..., 1:] - counted[..., :-1]).square().sum()
    edges = sum(edge.square().sum() for edge in (counted[:, :, 0], counted[:, :, -1], counted[..., 0], counted[..., -1]))
    area = ((counted + 0.0005) ** 0.3).mean()
    return 1.5 * entropy + 2 * area + 0.01 * (steps + 0.3 * edges) / (2 * len(labels))


def named(attention):
    """As the graph's tensors are called."""
    own = attention.state_dict().items()
    return {f"tame.{name.removeprefix('branches.')}": value for name, value in own}


torch.manual_seed(1)
pixels = torch.rand(12, 3, SIDE, SIDE).float().double()
labels = torch.tensor([0, 1, 2, 0, 2, 2, 1, 0, 1, 0, 2, 1])
explained = cnn(5).requires_grad_(False)
torch.manual_seed(2)
attention = rounded(Attention([4, 8, 16]))
tensors = {"pixels": pixels.float(), **state("explained", explained.state_dict()), **state("0", named(attention))}
tensors["maps"] = attention(explained.stages(normalised(pixels[:2]))).detach().float().contiguous()
attention.train()
weights = [p for name, p in attention.named_parameters() if "weight" in name]
biases = [p for name, p in attention.named_parameters() if "bias" in name]
groups = [{"params": weights, "weight_decay": 5e-4}, {"params": biases, "weight_decay": 0.0}]
optimiser = SGD(groups, lr=1e-7, momentum=0.9, nesterov=True)
schedule = OneCycleLR(optimiser, [RATE, 2 * RATE], total_steps=STEPS, cycle_momentum=False)
golden = {"mean": MEAN, "std": STD, "labels": labels.tolist(), "losses": [], "rates": []}
for step in range(STEPS):
    rows = slice(4 * step, 4 * step + 4)
    maps = attention(explained.stages(normalised(pixels[rows])))
    if step == 0:
        golden["batch_loss"] = loss_of(explained, maps, pixels[rows], labels[rows], True).item()
    loss = loss_of(explained, maps, pixels[rows], labels[rows])
    golden["losses"].append(loss.item())
    golden["rates"].append(optimiser.param_groups[0]["lr"])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    schedule.step()
tensors.update(state("3", named(attention)))
save_file(tensors, HERE / "tame.safetensors")
(HERE / "tame.json").write_text(json.dumps(golden) + "\n")
