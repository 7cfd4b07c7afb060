"""Writes the networks and resize files of this folder (see README.md).

Run: python testdata/models/generate.py        Versions: testdata/requirements.txt (torch 2.15.0, torchvision 0.29.2,
pillow 13.0.0, safetensors 0.8.0, numpy 2.4.6). Other versions may draw other random numbers.
"""

import io

import numpy as np
import torch
import torch.nn.functional as F
import zoo
from networks import HERE, CifarResNet, TinyResNet, randomise, stride_in_first_conv
from PIL import Image
from safetensors.torch import save_file
from torchvision.models.resnet import BasicBlock, Bottleneck


def save(path, values):
    path = HERE / f"{path}.npy"
    path.parent.mkdir(exist_ok=True)
    np.save(path, np.ascontiguousarray(np.asarray(values), dtype="<f4"))


def weights(net):
    return {key: value.clone().contiguous() for key, value in net.state_dict().items()}


@torch.no_grad()
def outputs(net, x, name, layers):
    """Logits and the outputs of the named layers, computed in float64."""
    net, seen, hooks = net.double(), {}, []
    for layer in layers:
        hooks.append(net.get_submodule(layer).register_forward_hook(lambda _m, _i, out, key=layer: seen.update({key: out})))
    save(f"{name}.logits", net(x.double()))
    for layer in layers:
        save(f"{name}.{layer}", seen[layer])
    for hook in hooks:
        hook.remove()
    net.float()


def resnets():
    torch.manual_seed(1)
    x = torch.randn(2, 3, 64, 64)
    save("input", x)
    layers = ["layer1", "layer2", "layer4"]

    basic = randomise(TinyResNet(BasicBlock), 64, seed=2)
    torch.save(basic.state_dict(), HERE / "tiny_basic.pth")
    outputs(basic, x, "tiny_basic", layers)

    bottleneck = randomise(TinyResNet(Bottleneck), 64, seed=3)
    save_file(weights(bottleneck), HERE / "tiny_bottleneck.safetensors")
    outputs(bottleneck, x, "tiny_bottleneck", layers)
    outputs(stride_in_first_conv(bottleneck), x, "tiny_bottleneck_v1", ["layer2", "layer4"])


def cifar():
    torch.manual_seed(4)
    x = torch.randn(2, 3, 32, 32)
    save("input_cifar", x)
    net = randomise(CifarResNet(blocks=1, width=8), 32, seed=5)
    state = weights(net)
    save_file(state, HERE / "tiny_cifar.safetensors")
    outputs(net, x, "tiny_cifar", ["layer2", "layer3"])

    half = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    save_file(half, HERE / "tiny_cifar_f16.safetensors")
    net.load_state_dict(half)
    outputs(net, x, "tiny_cifar_f16", [])
    hostile(half)


def families():
    """A small member of each family; a feature is that of the first image alone."""
    x = torch.from_numpy(np.load(HERE / "input.npy"))
    for seed, (name, (make, layers)) in enumerate(zoo.TINY.items()):
        (zoo.WEIGHTS / name / "features").mkdir(parents=True, exist_ok=True)
        net = zoo.randomise(make(), 64, 40 + seed)
        save_file(zoo.half(net), zoo.WEIGHTS / name / "weights.safetensors")
        logits, seen = zoo.outputs(net, x, layers)
        save(f"zoo/{name}/logits", logits)
        for layer, values in seen.items():
            save(f"zoo/{name}/features/{layer}", values[:1])
        if name == "efficientnet_lite":  # odd sizes are padded on both sides
            save(f"zoo/{name}/logits_61x57", zoo.outputs(net, x[:, :, :61, :57], [])[0])


def hostile(state):
    """Weight files that must be refused."""
    folder = HERE / "hostile"
    folder.mkdir(exist_ok=True)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    (folder / "truncated.pth").write_bytes(buffer.getvalue()[: buffer.tell() // 2])
    save_file({k: v for k, v in state.items() if k != "layer2.0.conv1.weight"}, folder / "missing_key.safetensors")
    save_file(state | {"layer4.0.conv1.weight": torch.zeros(4, 4, 3, 3).half()}, folder / "extra_key.safetensors")
    save_file(state | {"linear.weight": state["linear.weight"][:, :-1].contiguous()}, folder / "wrong_shape.safetensors")


def resize():
    torch.manual_seed(6)
    x = torch.randn(1, 3, 17, 23)
    save("resize/input", x)
    for size in [(9, 31), (40, 40)]:
        label = f"{size[0]}x{size[1]}"
        for mode in ["bilinear", "bicubic"]:
            filter_ = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}[mode]
            save(f"resize/{mode}_{label}", F.interpolate(x.double(), size, mode=mode, align_corners=False))
            save(f"resize/{mode}_antialias_{label}",
                 F.interpolate(x.double(), size, mode=mode, align_corners=False, antialias=True))
            save(f"resize/pil_{mode}_{label}",
                 [[np.asarray(Image.fromarray(channel).resize(size[::-1], filter_)) for channel in x[0].numpy()]])
        save(f"resize/bilinear_corners_{label}", F.interpolate(x.double(), size, mode="bilinear", align_corners=True))


if __name__ == "__main__":
    torch.set_num_threads(2)
    resnets()
    cifar()
    families()
    resize()
