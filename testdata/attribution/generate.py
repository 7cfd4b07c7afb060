"""Writes reference attributions of the small networks (see README.md).

Run: python testdata/attribution/generate.py   Versions: testdata/requirements.txt (torch 2.15.0, captum 0.9.0,
grad-cam 1.5.7, numpy 2.4.6). The networks and their input come from testdata/models.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from captum.attr import GuidedBackprop, InputXGradient, IntegratedGradients, LayerGradCam, Occlusion, Saliency

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))
import zoo  # noqa: E402
from generate_more import layercam  # noqa: E402
from networks import load  # noqa: E402

CLASSES = torch.tensor([3, 7])
LAST_CONV = {"tiny_basic": "layer4.0.conv2", "tiny_bottleneck": "layer4.0.conv3"}
GRID, CELL, MASKS, KEEP = 7, 10, 64, 0.5  # CELL = ceil(64 / GRID)


def save(path, values):
    path = HERE / f"{path}.npy"
    path.parent.mkdir(exist_ok=True)
    values = values.detach().numpy() if isinstance(values, torch.Tensor) else values
    np.save(path, np.ascontiguousarray(values, dtype="<f4"))


def draws():
    """The random numbers that SmoothGrad and RISE are given."""
    torch.manual_seed(11)
    noise = 0.3 * torch.randn(8, 3, 64, 64)
    grids = (torch.rand(MASKS, GRID, GRID) < KEEP).float()
    offsets = torch.randint(0, CELL + 1, (MASKS, 2))
    offsets[:2] = torch.tensor([[0, CELL], [CELL, 0]])  # both ends of the range occur
    for name, values in {"smoothgrad_noise": noise, "rise_grids": grids, "rise_offsets": offsets}.items():
        save(name, values)
    return noise.double(), grids.double(), offsets


def rise_masks(grids, offsets):
    grown = F.interpolate(grids[:, None], ((GRID + 1) * CELL,) * 2, mode="bilinear", align_corners=False)[:, 0]
    return torch.stack([mask[dy : dy + 64, dx : dx + 64] for mask, (dy, dx) in zip(grown, offsets.tolist())])


def rise(net, x, masks):
    maps = torch.zeros(len(x), 64, 64, dtype=x.dtype)
    with torch.no_grad():
        for i, target in enumerate(CLASSES):
            probability = net(x[i] * masks[:, None]).softmax(1)[:, target]
            maps[i] = (probability[:, None, None] * masks).sum(0) / (KEEP * len(masks))
    return maps


def up(maps):
    return F.interpolate(maps[:, None], (64, 64), mode="bilinear", align_corners=False)[:, 0]


def attribute(name, noise, masks):
    net = load(name)
    x = torch.from_numpy(np.load(HERE.parent / "models/input.npy")).double()
    keep = lambda method, values: save(f"{name}/{method}", values)

    keep("gradient", Saliency(net).attribute(x, CLASSES, abs=False))
    keep("input_x_gradient", InputXGradient(net).attribute(x, CLASSES))
    rules = ["gausslegendre"] + (["riemann_right", "riemann_trapezoid"] if name == "tiny_bottleneck" else [])
    for rule in rules:
        keep(f"integrated_gradients_{rule}", IntegratedGradients(net).attribute(x, 0.0, CLASSES, n_steps=50, method=rule))
    keep("guided_backprop", GuidedBackprop(net).attribute(x, CLASSES))
    keep("smoothgrad", torch.stack([Saliency(net).attribute(x + n, CLASSES, abs=False) for n in noise]).mean(0))

    for suffix, layer in {"": "layer4", "_last_conv": LAST_CONV[name]}.items():
        gradcam = LayerGradCam(net, net.get_submodule(layer))
        signed, raw = (gradcam.attribute(x, CLASSES, relu_attributions=relu)[:, 0] for relu in (False, True))
        keep(f"gradcam{suffix}_signed", signed)
        keep(f"gradcam{suffix}", raw)
        if not suffix:
            keep("gradcam_up", up(raw))
    for layer in ["layer3", "layer4"]:
        raw = layercam(net, x, layer, CLASSES)
        keep(f"layercam_{layer}", raw)
        if layer == "layer4":
            keep("layercam_layer4_up", up(raw))

    for window in [8, 16]:
        occlusion = Occlusion(lambda batch: net(batch).softmax(1))
        with torch.no_grad():
            maps = occlusion.attribute(x, (3, window, window), (3, 8, 8), baselines=0.0, target=CLASSES)
        assert (maps == maps[:, :1]).all()  # the window covers all channels
        keep(f"occlusion_window{window}_stride8", maps[:, 0])
    keep("rise", rise(net, x, masks))


def families():
    """Two methods on VGG and DenseNet; to keep the files small, integrated gradients of one image, summed over channels."""
    x = torch.from_numpy(np.load(HERE.parent / "models/input.npy")).double()
    for name in ["vgg", "densenet"]:
        net = zoo.load(name)
        save(f"{name}/gradcam", LayerGradCam(net, net.features).attribute(x, CLASSES, relu_attributions=True)[:, 0])
        save(f"{name}/integrated_gradients", IntegratedGradients(net).attribute(x, 0.0, CLASSES, n_steps=50).sum(1)[:1])


if __name__ == "__main__":
    torch.set_num_threads(2)
    noise, grids, offsets = draws()
    masks = rise_masks(grids, offsets)
    save("rise_masks_first2", masks[:2])
    for name in ["tiny_basic", "tiny_bottleneck"]:
        attribute(name, noise, masks)
    families()
