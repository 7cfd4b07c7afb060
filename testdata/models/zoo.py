"""Small members of the convolutional families, and seeded weights for networks of any size.

The definitions are torchvision's and timm's own, but for the binary network, which is in neither.
"""

from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from networks import CifarBlock
from safetensors.torch import load_file
from timm.models._efficientnet_builder import decode_arch_def
from timm.models.efficientnet import EfficientNet
from torch import nn
from torchvision.models import AlexNet, densenet, mobilenetv2, mobilenetv3, squeezenet, vgg
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops.misc import Conv2dNormActivation


class BinaryCnn(nn.Module):
    """The network for cats and dogs of "A Meaningful Perturbation Metric"; 16 channels and images of 224 there."""

    def __init__(self, width=16, side=224, classes=2):
        super().__init__()
        channels = [3, width, 2 * width, 4 * width, 8 * width]
        for i in range(4):
            setattr(self, f"conv{i}", nn.Conv2d(channels[i], channels[i + 1], 3, padding=1, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(channels[i + 1]))
        sizes = [channels[4] * (side // 16) ** 2, 4 * width, 2 * width, classes]
        for i in range(3):
            setattr(self, f"fc{i}", nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        for i in range(4):
            x = F.max_pool2d(F.relu(getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(x))), 2)
        x = F.relu(self.fc1(F.relu(self.fc0(x.flatten(1)))))
        return self.fc2(x)


def tiny_vgg(width=2, hidden=8):
    """VGG-11 with BatchNorm."""
    w = width
    plan = [w, "M", 2 * w, "M", 4 * w, 4 * w, "M", 8 * w, 8 * w, "M", 8 * w, 8 * w, "M"]
    net = vgg.VGG(vgg.make_layers(plan, batch_norm=True), init_weights=False)
    sizes = {0: (8 * w * 49, hidden), 3: (hidden, hidden), 6: (hidden, 10)}
    for place, (inside, outside) in sizes.items():
        net.classifier[place] = nn.Linear(inside, outside)
    return net


def tiny_alexnet(w=2, hidden=8):
    net = AlexNet()
    convolutions = {0: (3, w, 11, 4, 2), 3: (w, 3 * w, 5, 1, 2), 6: (3 * w, 6 * w, 3, 1, 1),
                    8: (6 * w, 4 * w, 3, 1, 1), 10: (4 * w, 4 * w, 3, 1, 1)}
    for place, settings in convolutions.items():
        net.features[place] = nn.Conv2d(*settings)
    sizes = {1: (4 * w * 36, hidden), 4: (hidden, hidden), 6: (hidden, 10)}
    for place, (inside, outside) in sizes.items():
        net.classifier[place] = nn.Linear(inside, outside)
    return net


def tiny_squeezenet(version, w=1):
    """All channels a sixteenth of the usual ones."""
    net = squeezenet.SqueezeNet(version, num_classes=10)
    stem = net.features[0]
    net.features[0] = nn.Conv2d(3, stem.out_channels * w // 16, stem.kernel_size, stem.stride)
    for place, fire in enumerate(net.features):
        if isinstance(fire, squeezenet.Fire):
            sizes = [fire.inplanes, fire.squeeze.out_channels, fire.expand1x1.out_channels, fire.expand3x3.out_channels]
            net.features[place] = squeezenet.Fire(*[size * w // 16 for size in sizes])
    net.classifier[1] = nn.Conv2d(512 * w // 16, 10, 1)
    return net


class TinyDenseNet(densenet.DenseNet):
    """With a last ReLU that does not write over the feature map, which is explained."""

    def __init__(self):
        super().__init__(4, (2, 2, 2, 1), 8, num_classes=10)

    def forward(self, x):
        return self.classifier(F.relu(self.features(x)).mean((2, 3)))


def tiny_mobilenet_v2():
    rows = [[1, 32, 1, 1], [6, 32, 2, 2], [6, 64, 2, 2]]  # an eighth of these: 4, 4, 8
    net = mobilenetv2.MobileNetV2(10, width_mult=0.125, inverted_residual_setting=rows, round_nearest=4)
    net.features[-1] = Conv2dNormActivation(8, 16, kernel_size=1, activation_layer=nn.ReLU6)
    net.classifier[1] = nn.Linear(16, 10)
    return net


def tiny_mobilenet_v3():
    row = partial(mobilenetv3.InvertedResidualConfig, dilation=1, width_mult=1.0)
    rows = [row(8, 3, 8, 8, True, "RE", 2), row(8, 5, 24, 8, False, "HS", 1), row(8, 3, 40, 16, True, "HS", 2)]
    return mobilenetv3.MobileNetV3(rows, last_channel=16, num_classes=10)


def tiny_efficientnet_lite():
    plan = [["ds_r1_k3_s1_e1_c4"], ["ir_r2_k3_s2_e6_c4"], ["ir_r2_k5_s2_e6_c8"]]
    return EfficientNet(decode_arch_def(plan), num_classes=10, num_features=16, stem_size=4, fix_stem=True, pad_type="same",
                        round_chs_fn=int, act_layer=nn.ReLU6, norm_layer=partial(nn.BatchNorm2d, eps=1e-3))


WEIGHTS = Path(__file__).parent / "zoo"
# Each with three modules whose outputs are compared.
TINY = {
    "alexnet": (tiny_alexnet, ["features.5", "features.7", "features"]),
    "vgg": (tiny_vgg, ["features.14", "features.20", "features"]),
    "squeezenet1_0": (partial(tiny_squeezenet, "1_0"), ["features.7", "features.10", "features"]),
    "squeezenet1_1": (partial(tiny_squeezenet, "1_1"), ["features.7", "features.10", "features"]),
    "densenet": (TinyDenseNet, ["features.denseblock2", "features.transition3", "features"]),
    "mobilenet_v2": (tiny_mobilenet_v2, ["features.2", "features.4", "features"]),
    "mobilenet_v3": (tiny_mobilenet_v3, ["features.1", "features.2", "features.3"]),
    "efficientnet_lite": (tiny_efficientnet_lite, ["blocks.1", "blocks.2", "bn2.act"]),
    "binary_cnn": (partial(BinaryCnn, width=2, side=64), ["bn2", "bn3", "fc1"]),
}


def images(count, side):
    """Smooth colours of different contrast, and noise."""
    smooth = F.interpolate(torch.randn(count, 3, 8, 8), (side, side), mode="bilinear")
    return (0.5 + torch.rand(count, 1, 1, 1)) * smooth + 0.5 * torch.randn(count, 3, side, side)


@torch.no_grad()
def randomise(net, side, seed, batch=8):
    """Seeded weights with which activations neither vanish nor explode: every convolution and matrix is scaled so that
    its output has the deviation 1 for random images. BatchNorm is far from the identity and gets their statistics,
    then disturbed; the last layer is four times larger, so that images get different scores."""
    torch.manual_seed(seed)
    layers = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    for layer in layers:
        nn.init.normal_(layer.weight)
        if layer.bias is not None:
            nn.init.normal_(layer.bias, std=0.1 * layer.weight[0].numel() ** 0.5)
    for norm in norms:
        norm.weight.copy_(0.8 + 0.4 * torch.rand(norm.num_features))
        norm.bias.copy_(0.2 * torch.randn(norm.num_features))
        norm.momentum = None  # running statistics become plain means over the calls
    for block in net.modules():  # many equal branches in a row would multiply rounding errors by a thousand
        if isinstance(block, (BasicBlock, Bottleneck, CifarBlock)):
            [m for m in block.children() if isinstance(m, nn.BatchNorm2d)][-1].weight *= 0.3

    def rescale(layer, _inputs, output):
        deviation = output.std()
        layer.weight /= deviation
        if layer.bias is not None:
            layer.bias /= deviation
        return output / deviation

    net.train()
    for dropout in (m for m in net.modules() if isinstance(m, nn.Dropout)):
        dropout.eval()
    hooks = [layer.register_forward_hook(rescale) for layer in layers]
    net(images(batch, side))
    for hook in hooks:
        hook.remove()
    for norm in norms:
        norm.running_mean += 0.1 * norm.running_var.sqrt() * torch.randn(norm.num_features)
        norm.running_var *= 0.8 + 0.4 * torch.rand(norm.num_features)
    layers[-1].weight *= 4
    return net.eval()


@torch.no_grad()
def outputs(net, x, names):
    """Logits and the outputs of the named modules, computed in float64."""
    seen, net = {}, net.double()
    keep = lambda name: lambda _m, _i, out: seen.update({name: out.clone()})  # ReLUs may write over it
    hooks = [net.get_submodule(name).register_forward_hook(keep(name)) for name in names]
    logits = net(x.double())
    for hook in hooks:
        hook.remove()
    return logits, seen


def half(net):
    """Rounds the weights to f16 and returns them, without the counters of BatchNorm."""
    state = {key: value.half() for key, value in net.state_dict().items() if value.is_floating_point()}
    net.load_state_dict(state, strict=False)
    return state


def load(name):
    """A small network with its committed weights, in float64."""
    net = TINY[name][0]()
    state = load_file(WEIGHTS / name / "weights.safetensors")
    left_out = net.load_state_dict({key: value.float() for key, value in state.items()}, strict=False).missing_keys
    assert all(key.endswith("num_batches_tracked") for key in left_out)
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False  # Captum's hooks need it; the values are the same
    return net.double().eval()
