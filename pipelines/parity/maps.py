"""Attribution maps of ResNet-50 v1 on ImageNet images against Captum and pytorch-grad-cam.

Gradients of a ReLU network jump: with sums taken in another order, a few units whose inputs are within 2e-6 of zero
change sides and move the gradient of a ResNet-50 by up to 1 % in relative L2 (PyTorch against PyTorch, two memory layouts
or two precisions). Maps that jump are therefore held to three rules: Spearman above 0.999 on every image; a relative
L2 below 1e-3 on at least five; and over all images a median distance from PyTorch in float64 of at most twice that of
PyTorch's own float32. Maps that do not jump must be below 1e-3 on every image.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from captum.attr import GuidedBackprop, IntegratedGradients, LayerGradCam, Occlusion, Saliency

from parity.common import RESNET50, distance, explain, image, read_map, resnet50_v1, write_images
from parity.references import more

# How many images, and whether the map jumps where an activation crosses zero.
METHODS = {
    "gradient": (25, True),
    "guided-backprop": (25, True),
    "integrated-gradients": (10, True),
    "gradcam": (10, False),
    "layercam": (10, False),
    "occlusion:window=32,stride=16": (5, False),
}
L2, SPEARMAN = 1e-3, 0.999


def up(maps):
    return F.interpolate(maps[:, None], (224, 224), mode="bilinear", align_corners=False)[0, 0]


def reference(net, method, x, target):
    """The map of one image (1, 3, 224, 224), by the libraries that people use."""
    if method == "gradient":
        return Saliency(net).attribute(x, target, abs=False)[0]
    if method == "guided-backprop":
        return GuidedBackprop(net).attribute(x, target)[0]
    if method == "integrated-gradients":
        attribution = IntegratedGradients(net).attribute(x, 0.0, target, n_steps=50, internal_batch_size=10)
        return attribution[0]  # Gauss-Legendre is Captum's default
    if method == "gradcam":
        return up(LayerGradCam(net, net.layer4).attribute(x, target, relu_attributions=True)[:, 0])
    if method == "layercam":
        return up(more.layercam(net, x, "layer4", [target]))
    if method == "occlusion:window=32,stride=16":
        with torch.no_grad():
            occlusion = Occlusion(lambda batch: net(batch).softmax(1))
            return occlusion.attribute(x, (3, 32, 32), (3, 16, 16), 0.0, target, perturbations_per_eval=13)[0, 0]
    raise ValueError(method)


def maps(args):
    nets, good = (resnet50_v1(), resnet50_v1().double()), True
    print("| method | image | class | from float32 | Spearman | from float64 | PyTorch's float32 from float64 |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for method, (count, jumps) in METHODS.items():
        paths = write_images(args.out / f"images-{count}", count)
        rows, _ = explain(args, RESNET50, [method], paths, args.out / "maps", "--reduce", "none")
        measured = np.array([compare_map(nets, method, row) for row in rows])
        single, rho, double, own = measured.T
        close = int((single < L2).sum())
        fine = (rho > SPEARMAN).all() and len(rows) == count
        # Where an activation near zero falls differs with the order of sums, so a map may jump on one side only.
        fine &= close == count or (jumps and close >= 5 and np.median(double) <= 2 * np.median(own))
        good &= bool(fine)
        medians = f"medians {np.median(single):.1e}, {np.median(double):.1e}, {np.median(own):.1e}"
        print(f"\n{method}: {close} of {count} below {L2}; {medians}; {'ok' if fine else 'TOO FAR'}\n", flush=True)
    return good


def compare_map(nets, method, row):
    """Distance and correlation of one map from PyTorch in float32, its distance from float64, and PyTorch's own."""
    x, target = image(row["image"])[None], int(row["target"])
    with torch.no_grad():
        if target != int(nets[0](x).argmax()):
            sys.exit(f"{row['image']}: we predict class {target}, PyTorch another one")
    ours = read_map(row)
    single, double = (
        reference(net, method, x.to(kind).requires_grad_(), target).detach().double().numpy()
        for net, kind in zip(nets, (torch.float32, torch.float64))
    )
    l2, rho = distance(ours, single)
    exact, own = distance(ours, double)[0], distance(single, double)[0]
    cells = [method, Path(row["image"]).stem, target, f"{l2:.1e}", f"{rho:.6f}", f"{exact:.1e}", f"{own:.1e}"]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return l2, rho, exact, own
