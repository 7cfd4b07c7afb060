"""Small seeded networks whose definition is PyTorch's own, shared by the generators in testdata/."""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

HERE = Path(__file__).parent


class TinyResNet(ResNet):
    """torchvision's ResNet (its own forward), one block per stage, widths 8, 16, 32, 64 instead of 64 to 512."""

    def __init__(self, block, classes=10):
        super().__init__(block, [1, 1, 1, 1], num_classes=classes)
        self.inplanes = 8
        self.conv1 = nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = self._make_layer(block, 8, 1)
        self.layer2 = self._make_layer(block, 16, 1, stride=2)
        self.layer3 = self._make_layer(block, 32, 1, stride=2)
        self.layer4 = self._make_layer(block, 64, 1, stride=2)
        self.fc = nn.Linear(64 * block.expansion, classes)


def stride_in_first_conv(net):
    """v1.5 -> v1: moves the stride of every bottleneck from its 3x3 to its first 1x1 convolution."""
    for module in net.modules():
        if isinstance(module, Bottleneck):
            module.conv1.stride, module.conv2.stride = module.conv2.stride, (1, 1)
    return net


class CifarBlock(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.stride, self.pad = stride, (outside - inside) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride != 1:  # option A: every second pixel, zero channels evenly before and after
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + x)


class CifarResNet(nn.Module):
    """The CIFAR ResNet with option-A shortcuts (He et al. 2015, section 4.2)."""

    def __init__(self, blocks, width, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inside = width
        for stage, outside in enumerate([width, 2 * width, 4 * width], 1):
            layers = []
            for block in range(blocks):
                layers.append(CifarBlock(inside, outside, 2 if stage > 1 and block == 0 else 1))
                inside = outside
            setattr(self, f"layer{stage}", nn.Sequential(*layers))
        self.linear = nn.Linear(inside, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def folded(net):
    """The same function with every BatchNorm inside its convolution, as plumbline loads it; positive weights are those.
    (zennit's own folding leaves BatchNorm's epsilon where it was: a factor of 1 - 5e-6 at each.)"""
    for parent in list(net.modules()):
        children = dict(parent.named_children())
        names = list(children)
        for first, second in zip(names, names[1:]):
            if isinstance(children[first], nn.Conv2d) and isinstance(children[second], nn.BatchNorm2d):
                setattr(parent, first, fuse_conv_bn_eval(children[first], children[second]))
                setattr(parent, second, nn.Identity())
    return net


def randomise(net, size, seed):
    """Gives BatchNorm statistics and affine values that are far from the identity, with activations kept in range:
    the statistics are those of noise images, then disturbed; one scale in eight is negative."""
    torch.manual_seed(seed)
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        sign = torch.where(torch.rand(norm.num_features) < 0.125, -1.0, 1.0)
        norm.weight.data = sign * (0.6 + 0.8 * torch.rand(norm.num_features))
        norm.bias.data = 0.3 * torch.randn(norm.num_features)
        norm.momentum = None  # running statistics become plain means over the calls
    net.train()
    with torch.no_grad():
        for _ in range(4):
            net(torch.randn(16, 3, size, size))
        for norm in norms:
            norm.running_mean += 0.2 * norm.running_var.sqrt() * torch.randn(norm.num_features)
            norm.running_var *= 0.7 + 0.6 * torch.rand(norm.num_features)
        head = net.fc if hasattr(net, "fc") else net.linear
        head.weight *= 4
        head.bias += 0.5 * torch.randn(head.out_features)
    return net.eval()


def load(name):
    """A network of testdata/models with its committed weights, in float64: references are rounded once, when saved."""
    if name == "tiny_basic":
        net, state = TinyResNet(BasicBlock), torch.load(HERE / "tiny_basic.pth", weights_only=True)
    elif name == "tiny_bottleneck":
        net, state = TinyResNet(Bottleneck), load_file(HERE / "tiny_bottleneck.safetensors")
    else:
        raise ValueError(name)
    net.load_state_dict(state)
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False  # Captum's hooks need it; the values are the same
    return net.double().eval()
