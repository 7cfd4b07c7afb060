"""Small seeded ViTs and ConvNeXts whose definition is timm's or torchvision's own, shared by the generators in testdata/."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from timm import layers
from timm.models.convnext import ConvNeXt
from timm.models.deit import VisionTransformerDistilled
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torchvision.models import convnext as torchvision_convnext
from torchvision.models import vision_transformer as torchvision_vit

HERE = Path(__file__).parent
DIMS, CLASSES = [4, 8, 12, 16], 10

# With it, the attention matrices would never exist.
layers.set_fused_attn(False)


def vit(kind):
    return kind(img_size=64, patch_size=16, embed_dim=12, depth=2, num_heads=3, mlp_ratio=2, num_classes=CLASSES)


def torchvision_stages():
    after = [*DIMS[1:], None]
    return [torchvision_convnext.CNBlockConfig(dim, following, 1) for dim, following in zip(DIMS, after)]


NETWORKS = {
    "tiny_vit": lambda: vit(VisionTransformer),
    "tiny_vit_torchvision": lambda: torchvision_vit.VisionTransformer(64, 16, 2, 3, 12, 24, num_classes=CLASSES),
    "tiny_deit": lambda: vit(VisionTransformerDistilled),
    "tiny_convnext": lambda: ConvNeXt(num_classes=CLASSES, depths=(1, 1, 1, 1), dims=DIMS),
    "tiny_convnext_torchvision": lambda: torchvision_convnext.ConvNeXt(torchvision_stages(), 0.0, num_classes=CLASSES),
}


@torch.no_grad()
def randomise(net, seed):
    """Weights that make attention uneven, every scale and shift count, and logits differ: rows of matrices and kernels
    have the length 1.5, tokens, shifts and position embeddings the deviation 0.3, scales lie between 0.6 and 1.4. They
    are numbers that f16 holds."""
    torch.manual_seed(seed)
    scales = {id(module.weight) for module in net.modules() if isinstance(module, nn.LayerNorm)}
    for name, weight in net.named_parameters():
        if id(weight) in scales or name.endswith(("gamma", "layer_scale")):
            weight.copy_(0.6 + 0.8 * torch.rand_like(weight))
        elif name.endswith("weight"):
            weight.copy_(1.5 * torch.randn_like(weight) / weight[0].numel() ** 0.5)
        else:
            weight.copy_(0.3 * torch.randn_like(weight))
        weight.copy_(weight.half().float())
    return net.eval()


def halves(net):
    return {name: value.half().contiguous() for name, value in net.state_dict().items()}


def load(name):
    """A network with its committed weights, in float64."""
    net = NETWORKS[name]()
    net.load_state_dict({key: value.float() for key, value in load_file(HERE / f"{name}.safetensors").items()})
    return net.double().eval()


def patches(tokens):
    """Tokens as maps, without the class token: (n, 1 + h w, c) to (n, c, h, w)."""
    side = int((tokens.shape[1] - 1) ** 0.5)
    return tokens[:, 1:].reshape(len(tokens), side, side, -1).permute(0, 3, 1, 2)


@torch.no_grad()
def features(net, x, places):
    """Logits, and the values of modules by the name that we call them: `places` gives for each the module and whether
    it is wanted as it is ("out"), the input it got ("in"), or torchvision's attention matrices there ("softmax")."""
    seen, hooks = {}, []
    for ours, (module, what) in places.items():
        module = net.get_submodule(module)
        if what == "softmax":
            def matrices(module, args, output, key=ours):
                seen[key] = nn.MultiheadAttention.forward(module, *args, need_weights=True, average_attn_weights=False)[1]
            hooks.append(module.register_forward_hook(matrices))
        elif what == "in":
            hooks.append(module.register_forward_pre_hook(lambda m, args, key=ours: seen.update({key: args[0]})))
        else:
            hooks.append(module.register_forward_hook(lambda m, args, output, key=ours: seen.update({key: output})))
    logits = net(x)
    for hook in hooks:
        hook.remove()
    return logits, {name: seen[name] for name in places}


def timm_vit_places(last):
    return {
        "blocks.0": ("blocks.0", "out"),
        f"blocks.{last}.attn.softmax": (f"blocks.{last}.attn.attn_drop", "in"),
        "norm": ("norm", "out"),
    }


def torchvision_vit_places(last):
    layer = "encoder.layers.encoder_layer_"
    return {
        "blocks.0": (f"{layer}0", "out"),
        f"blocks.{last}.attn.softmax": (f"{layer}{last}.self_attention", "softmax"),
        "norm": ("encoder.ln", "out"),
    }


TIMM_CONVNEXT = {"stem": ("stem", "out"), "stages.1": ("stages.1", "out"), "stages.3": ("stages.3", "out")}
TORCHVISION_CONVNEXT = {"stem": ("features.0", "out"), "stages.1": ("features.3", "out"), "stages.3": ("features.7", "out")}
