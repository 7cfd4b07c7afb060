"""Small networks built from the parts of torchvision and timm, so that a file of a few kB has all that theirs have."""

from functools import partial

import torch
from timm.layers import SqueezeExcite
from timm.models._efficientnet_blocks import DepthwiseSeparableConv, InvertedResidual
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torchvision.models import convnext, densenet, mobilenetv3, resnet, vgg, vision_transformer

CLASSES = 5


class TinyResNet(resnet.ResNet):
    """Bottlenecks in two stages of 4 and 8 channels (torchvision's own forward)."""

    def __init__(self):
        super().__init__(resnet.Bottleneck, [1, 1, 1, 1], num_classes=CLASSES)
        self.inplanes = 4
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4)
        self.layer1 = self._make_layer(resnet.Bottleneck, 2, 1)
        self.layer2 = self._make_layer(resnet.Bottleneck, 4, 1, stride=2)
        self.layer3 = self.layer4 = nn.Identity()
        self.fc = nn.Linear(16, CLASSES)


def tiny_vgg():
    net = vgg.VGG(vgg.make_layers([4, "M", 8, "M"], batch_norm=True), num_classes=CLASSES)
    net.avgpool = nn.AdaptiveAvgPool2d(2)
    net.classifier = nn.Sequential(nn.Linear(32, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, CLASSES))
    return net


def tiny_mobilenet():
    setting = partial(mobilenetv3.InvertedResidualConfig, width_mult=1)
    blocks = [setting(4, 3, 8, 4, True, "RE", 1, 1), setting(4, 5, 8, 6, True, "HS", 2, 1)]
    return mobilenetv3.MobileNetV3(blocks, 8, num_classes=CLASSES)


class TinyEfficientNet(nn.Module):
    """timm's blocks with SiLU, squeeze and excitation, and TensorFlow's uneven padding."""

    def __init__(self):
        super().__init__()
        settings = {"act_layer": nn.SiLU, "pad_type": "same", "se_layer": partial(SqueezeExcite, rd_channels=2)}
        self.first = DepthwiseSeparableConv(3, 4, 3, stride=2, **settings)
        self.second = InvertedResidual(4, 6, 5, stride=2, exp_ratio=2, **settings)
        self.third = InvertedResidual(6, 6, 3, exp_ratio=2, **settings)
        self.head = nn.Linear(6, CLASSES)

    def forward(self, x):
        return self.head(self.third(self.second(self.first(x))).mean((2, 3)))


class Mixed(nn.Module):
    """What the families above do not have: groups, dilation, ragged windows, padding that counts and that does not,
    splits, leaky and clipped activations, products of computed values, and a softmax at the end."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=2, dilation=2, groups=1)
        self.grouped = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=4)
        self.slopes = nn.PReLU(8)
        self.head = nn.Linear(8 * 9, CLASSES)

    def scores(self, x):
        x = nn.functional.leaky_relu(self.conv(x), 0.1)
        x = nn.functional.max_pool2d(self.slopes(self.grouped(x)), 3, 2, ceil_mode=True)
        x = nn.functional.avg_pool2d(x, 2, 1, padding=1) + nn.functional.avg_pool2d(x, 2, 1, padding=1, count_include_pad=False)
        a, b = x.chunk(2, 1)
        x = torch.cat([a * torch.sigmoid(b), 2 - nn.functional.elu(b), (a - b).clamp(-1, 1) ** 2], 1)[:, 2:10]
        x = nn.functional.pad(x, (0, 1, 1, 0))[:, :, ::2, ::2]
        x = torch.softmax(x.flatten(2), -1) * torch.tanh(x.flatten(2))
        return self.head(x.flatten(1))

    def forward(self, x):
        return torch.softmax(self.scores(x), 1)


def torchvision_convnext():
    stages = [convnext.CNBlockConfig(3, 6, 1), convnext.CNBlockConfig(6, None, 1)]
    return convnext.ConvNeXt(stages, 0.0, num_classes=CLASSES)


NETWORKS = {
    "tiny_resnet": TinyResNet,
    "tiny_vgg": tiny_vgg,
    "tiny_densenet": lambda: densenet.DenseNet(2, (2, 1), 4, bn_size=2, num_classes=CLASSES),
    "tiny_mobilenet": tiny_mobilenet,
    "tiny_efficientnet": TinyEfficientNet,
    "tiny_vit": lambda: VisionTransformer(16, 4, num_classes=CLASSES, embed_dim=6, depth=1, num_heads=3, mlp_ratio=2),
    "tiny_vit_torchvision": lambda: vision_transformer.VisionTransformer(16, 4, 1, 3, 6, 12, num_classes=CLASSES),
    "tiny_convnext": torchvision_convnext,
    "mixed": Mixed,
}
# Where the images are not simply the first axis everywhere, so that a fixed number of them is worth a file.
REARRANGED = ("tiny_vit_torchvision", "tiny_convnext")
# Height and width of the images.
SIDE = 16
