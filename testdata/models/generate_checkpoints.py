"""Writes small checkpoints as training scripts do (see README.md): the same weights of a network of one convolution, BatchNorm and a
linear layer, with prefixes and company. `plain.safetensors` holds the weights alone.

Run: python testdata/models/generate_checkpoints.py        Versions: testdata/requirements.txt.
"""

import argparse
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

HERE = Path(__file__).parent / "checkpoints"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2), nn.ReLU())
        self.fc = nn.Linear(2, 3)

    def forward(self, x):
        return self.fc(self.features(x).mean((2, 3)))


def prefixed(weights, prefix):
    return OrderedDict((prefix + name, value) for name, value in weights.items())


def shifted(weights):
    """Other weights under the same names, as an average of earlier steps would be."""
    return OrderedDict((name, value + 0.25 if value.is_floating_point() else value) for name, value in weights.items())


def trained():
    torch.manual_seed(7)
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [30, 60])
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.rand(4, 3, 2, 2)).square().sum().backward()
        optimizer.step()
        scheduler.step()
    return net, optimizer, scheduler


def checkpoints():
    net, optimizer, scheduler = trained()
    w = net.state_dict()
    beside = {
        "epoch": 3,
        "arch": "net",
        "best_acc1": torch.tensor(71.5),
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": scheduler.state_dict(),
        "scaler": {"scale": 65536.0, "_growth_tracker": 0},
        "args": argparse.Namespace(lr=0.1, device=torch.device("cpu"), steps=[30, 60], nested={"a": None}),
        "best": np.float64(0.715),
        "history": OrderedDict(loss=[1.0, 0.5], when=np.arange(2)),
        "rng_state": torch.get_rng_state(),
    }
    averaged = {"n_averaged": torch.tensor(9), **prefixed(shifted(w), "module.")}
    yield "training.pth.tar", {"state_dict": prefixed(w, "module."), **beside}
    yield "legacy.pth", {"model_state_dict": w, **beside}
    yield "ema.pth", {"model": w, "model_ema": averaged, **beside}
    yield "params_ema.pth", {"params_ema": w}
    yield "two.pth", {"net_a": w, "net_b": shifted(w)}
    yield "averages.pth", {"ema": w, "swa_state_dict": shifted(w)}
    yield "nested.pth", {"weights": prefixed(w, "_orig_mod.module.model.backbone.")}
    inside = {name.replace("features.", "features.module.").replace("fc.", "fc._orig_mod."): v for name, v in w.items()}
    yield "inside.pth", {"net": inside}
    apart = {("backbone." if name.startswith("features") else "head.") + name: value for name, value in w.items()}
    yield "apart.pth", {"state_dict": apart, **beside}
    yield "lightning.ckpt", {
        "state_dict": {**prefixed(w, "model."), "criterion.weight": torch.ones(3)},
        "optimizer_states": [optimizer.state_dict()],
        "hyper_parameters": {"lr": 0.1},
    }
    yield "missing.pth", {"state_dict": {k: v for k, v in prefixed(w, "module.").items() if "fc.bias" not in k}, **beside}
    yield "other.pth", {"model": {f"encoder.layer.{i}.attention.weight": torch.ones(2) for i in range(9)}}


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    save_file({k: v for k, v in trained()[0].state_dict().items() if v.is_floating_point()}, HERE / "plain.safetensors")
    for name, checkpoint in checkpoints():
        torch.save(checkpoint, HERE / name, _use_new_zipfile_serialization=name != "legacy.pth")
