"""Writes reference maps of methods on segments, blocks and positive weights: XRAI from PAIR's saliency, excitation backprop
from torchray, SISE and Ada-SISE from the papers' formulas with scikit-image's Otsu threshold.

Run: python testdata/attribution/generate_regions.py   Versions: testdata/requirements.txt (torch 2.15.0, saliency 0.2.1,
scikit-image 0.26.0, torchray 1.0.0.2). Of every map (2, 1, 64, 64) each fifth row and each third column is kept:
`more/<net>.<method>.npy`, (2, 1, 13, 22). Everything is computed in float64 and raw.
"""

import numpy as np
import saliency.core as pair
import torch
import torch.nn.functional as F
from skimage.filters import threshold_otsu
from skimage.morphology import dilation, disk
from skimage.segmentation import felzenszwalb
from torchray.attribution.excitation_backprop import excitation_backprop, update_resnet

from generate_more import CLASSES, HERE, load, pair_call, save, up
from networks import folded

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
SCALES = [50, 100, 150, 250, 500, 1200]


def excitation(net, x, targets, layer):
    net = update_resnet(net)
    maps = excitation_backprop(net, x.clone().requires_grad_(), targets, saliency_layer=layer)
    return up(maps[:, 0].detach(), x)


def segments(pixels):
    """PAIR's, without resizing the image to 224 x 224 and stretching its values: each as a mask."""
    masks = []
    for scale in SCALES:
        found = felzenszwalb(pixels * 2 - 1, scale=scale, sigma=0.8, min_size=150)
        masks += [dilation(found == one, disk(5)) for one in range(found.max() + 1)]
    return masks


def regions(x):
    """The regions that grow from a given attribution, in the same segments."""
    y, z = np.mgrid[:64, :64]
    given = np.sin(0.1 * y) * np.cos(0.07 * z) + 0.2 * np.sin(1.3 * (64 * y + z))
    images = [image.movedim(0, -1).numpy() for image in x]
    return np.stack([pair.XRAI._xrai(given, segments(image * STD + MEAN))[0] for image in images])


def xrai(net, x, targets, mean=MEAN, std=STD, steps=100):
    """Both ends of the path are images of one colour, in which values tie at a max-pooling: which of them has the gradient
    is a matter of rounding, so 2 of 200 gradients are not well defined."""
    maps, call = [], pair_call(net, x.dtype)
    for image, target in zip(x, targets.tolist()):
        last = image.movedim(0, -1).numpy()
        ends = [np.broadcast_to((pixel - mean) / std, last.shape) for pixel in (0.0, 1.0)]
        parameters = pair.XRAIParameters(steps=steps)
        found = segments(last * std + mean)
        maps.append(pair.XRAI().GetMask(last, call, {"target": target}, ends, found, batch_size=steps, extra_parameters=parameters))
    return np.stack(maps)


def unit(maps):
    low, high = maps.amin((-2, -1), keepdim=True), maps.amax((-2, -1), keepdim=True)
    return torch.where(high > low, (maps - low) / torch.where(high > low, high - low, 1), 0)


def otsu(values):
    """scikit-image gives the centre of the last bin of the lower class; here is its upper end."""
    values = np.asarray(values)
    return threshold_otsu(values, 256) + (values.max() - values.min()) / 512


# The ResNet's own `relu` runs once, behind its first convolution.
BLOCKS = ["relu", "layer1", "layer2", "layer3", "layer4"]


def sise(net, x, targets, adaptive, layers=BLOCKS):
    maps = []
    for image, target in zip(x, targets.tolist()):
        held = {}

        def keep(name):
            def hook(_, __, value):
                value.retain_grad()
                held[name] = value

            return hook

        handles = [net.get_submodule(name).register_forward_hook(keep(name)) for name in layers]
        net(image[None].clone().requires_grad_()).softmax(1)[0, target].backward()
        [handle.remove() for handle in handles]
        parts = []
        for name in layers:
            means = held[name].grad.mean((2, 3))[0]
            share = means / means.max()
            threshold = otsu(share[share > 0].numpy()) if adaptive else 0
            kept = held[name].detach()[0, share > threshold]
            masks = unit(F.interpolate(kept[:, None], x.shape[2:], mode="bilinear", align_corners=False))
            with torch.no_grad():
                scores = torch.cat([net(image * some).softmax(1)[:, target] for some in masks.split(64)])
            if not adaptive:
                masks = masks / (masks.sum((2, 3), keepdim=True) + 1e-6)
            parts.append(unit((scores[:, None, None, None] * masks).sum(0)[0]))
        joined = parts[0]
        for part in parts[1:]:
            threshold = otsu(part.numpy())
            if adaptive:
                gate = (part > threshold).double()
            else:
                raised = 1.5 * threshold
                threshold = raised if (part > raised).double().mean() < 0.1 else threshold
                gate = torch.sigmoid((part - threshold) * 100)
            joined = (joined + part) * gate
        maps.append(unit(joined))
    return torch.stack(maps)


def main():
    x = torch.from_numpy(np.load(HERE.parent / "models/input.npy")).double()
    save("xrai_regions", regions(x))
    for name in ["tiny_basic", "tiny_bottleneck"]:
        save(f"{name}.xrai", xrai(load(name), x, CLASSES))
        save(f"{name}.sise", sise(load(name), x, CLASSES, False))
        save(f"{name}.ada-sise", sise(load(name), x, CLASSES, True))
        for layer in ["layer4", "layer2"]:
            save(f"{name}.excitation-backprop.{layer}", excitation(folded(load(name)), x, CLASSES, layer))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
