"""The networks of the generators in this folder, with weights that leave no activation dead, and how they take images."""

import pathlib
import sys

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "models"))
from networks import CifarResNet  # noqa: E402

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def flat(x):
    return [float(value) for value in x.detach().reshape(-1)]


def normalised(pixels):
    mean, std = (torch.tensor(numbers).float().double().reshape(1, 3, 1, 1) for numbers in (MEAN, STD))
    return (pixels - mean) / std


def state(prefix, named):
    tensors = {f"{prefix}.{name}": value for name, value in named.items() if "num_batches" not in name}
    return {name: value.float().clone().contiguous() for name, value in tensors.items()}


def rounded(net):
    """Weights and statistics as float32 has them."""
    return net.float().double().eval()


class Cnn(CifarResNet):
    """The smallest CIFAR ResNet with every kind of layer."""

    def stages(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        maps = []
        for stage in (self.layer1, self.layer2, self.layer3):
            x = stage(x)
            maps.append(x)
        return maps

    def features(self, x):
        return self.stages(x)[-1]


def cnn(seed, classes=3):
    torch.manual_seed(seed)
    net = Cnn(1, 4, classes)
    for parameter in net.parameters():
        matrix = parameter.dim() > 1
        parameter.data = torch.randn_like(parameter) * (0.4 if matrix else 0.2) + (0.0 if matrix else 0.5)
    for name, buffer in net.named_buffers():
        if "running" in name:
            buffer.copy_(torch.rand_like(buffer) + (0.5 if "var" in name else -0.5))
    return rounded(net)


def vit(seed, classes=3):
    torch.manual_seed(seed)
    net = VisionTransformer(img_size=16, patch_size=4, embed_dim=12, depth=2, num_heads=3, num_classes=classes)
    for parameter in net.parameters():
        parameter.data = torch.randn_like(parameter) * 0.3 + (1.0 if parameter.dim() == 1 else 0.0) * 0.5
    return rounded(net)
