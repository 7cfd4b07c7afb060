"""Writes what PyTorch computes: torch.json, losses and learning rates; training.safetensors, a whole training of three steps
by each optimiser, in float64 from weights and images of float32.

Run: python testdata/learning/generate.py        Versions: testdata/requirements.txt (torch 2.15.0)
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch.optim import SGD, AdamW
from torchvision.transforms.functional import adjust_brightness, adjust_contrast, adjust_saturation
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, OneCycleLR, SequentialLR

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))
from networks import CifarResNet  # noqa: E402


def flat(x):
    return [float(value) for value in x.detach().reshape(-1)]


def losses():
    logits = 3 * torch.randn(5, 4, dtype=torch.float64)
    labels, shares = torch.tensor([0, 3, 1, 1, 2]), torch.softmax(torch.randn(5, 4, dtype=torch.float64), 1)
    logits, shares = logits.float().double(), shares.float().double()
    value = lambda target, smoothing: F.cross_entropy(logits, target, label_smoothing=smoothing).item()
    return {"logits": flat(logits), "labels": labels.tolist(), "shares": flat(shares),
            "hard": value(labels, 0.0), "smoothed": value(labels, 0.1),
            "soft": value(shares, 0.0), "soft_smoothed": value(shares, 0.1)}


def rates(make, steps):
    optimiser = SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    schedule, seen = make(optimiser), []
    for _ in range(steps):
        seen.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return seen


def schedules():
    """A rise from (nearly) zero in 5 of 20 steps, in PyTorch's own recursive schedules."""
    rise = lambda optimiser: LinearLR(optimiser, start_factor=1e-15, end_factor=1.0, total_iters=5)
    then = lambda fall: lambda optimiser: SequentialLR(optimiser, [rise(optimiser), fall(optimiser)], milestones=[5])
    linear = lambda optimiser: LinearLR(optimiser, start_factor=1.0, end_factor=0.0, total_iters=15)
    cycle = lambda share, steps: lambda optimiser: OneCycleLR(optimiser, 0.3, total_steps=steps, pct_start=share, cycle_momentum=False)
    return {"warm_up_cosine": rates(then(lambda o: CosineAnnealingLR(o, T_max=15)), 20),
            "warm_up_linear": rates(then(linear), 20),
            "one_cycle": rates(cycle(0.25, 20), 20), "one_cycle_uneven": rates(cycle(0.3, 17), 17)}


def net():
    """The smallest CIFAR ResNet with every kind of layer, with weights of float32 that leave no activation dead."""
    net = CifarResNet(1, 4, 3)
    for parameter in net.parameters():
        matrix = parameter.dim() > 1
        parameter.data = torch.randn_like(parameter) * (0.4 if matrix else 0.2) + (0.0 if matrix else 0.5)
    return net.float().double()


def optimiser(name, net):
    """AdamW that spares vectors, SGD that spares nothing."""
    matrices = [p for p in net.parameters() if p.dim() > 1]
    vectors = [p for p in net.parameters() if p.dim() == 1]
    groups = lambda decay, spared: [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": spared}]
    if name == "adamw":
        return AdamW(groups(0.1, 0.0), lr=0.01, eps=1e-8)
    return SGD(groups(0.05, 0.05), lr=0.02, momentum=0.9, nesterov=True)


def state(prefix, net):
    """All weights and running statistics."""
    tensors = {f"{prefix}.{name}": value for name, value in net.state_dict().items() if "num_batches" not in name}
    return {name: value.float().clone().contiguous() for name, value in tensors.items()}


def training(name, images, labels):
    """Weights and running statistics after one and after three steps."""
    torch.manual_seed(3)
    model = net()
    tensors, losses = state("first", model), []
    steps = optimiser(name, model)
    model.train()
    for step in range(3):
        steps.zero_grad()
        loss = F.cross_entropy(model(images[step].double()), labels[step], label_smoothing=0.1)
        loss.backward()
        steps.step()
        losses.append(loss.item())
        if step in (0, 2):
            tensors.update(state(f"{name}.{step + 1}", model))
    return tensors, losses


def colours():
    """torchvision's float images, each factor by itself and all in our order."""
    image = torch.rand(3, 4, 5)
    def adjusted(b, c, s):
        return flat(adjust_saturation(adjust_contrast(adjust_brightness(image.double(), b), c), s))
    factors = [[1.4, 1, 1], [0.6, 1, 1], [1, 1.7, 1], [1, 0.2, 1], [1, 1, 1.9], [1, 1, 0], [1.3, 0.7, 1.5]]
    return {"image": flat(image), "factors": factors, "adjusted": [adjusted(*f) for f in factors]}


torch.manual_seed(0)
labels = torch.tensor([[0, 1, 2, 0], [2, 2, 1, 0], [1, 0, 1, 2]])
golden = {"losses": losses(), "schedules": schedules(), "labels": labels.reshape(-1).tolist(), "training": {}}
golden["colours"] = colours()
images = torch.randn(3, 4, 3, 8, 8)
tensors = {"images": images}
for name in ("adamw", "sgd"):
    found, golden["training"][name] = training(name, images, labels)
    tensors.update(found)
save_file(tensors, HERE / "training.safetensors")
(HERE / "torch.json").write_text(json.dumps(golden) + "\n")
