"""Every explanation method by an independent implementation: a library where one has it, else the paper's formulas of
testdata/attribution. A reference takes a case, images (1, 3, h, w) and their classes, and gives (1, c, h, w) or (1, h, w)."""

import sys
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from captum.attr import Deconvolution, GuidedBackprop, InputXGradient, IntegratedGradients, LayerGradCam, Occlusion, Saliency
from pytorch_grad_cam import EigenCAM, GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, XGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from scipy import ndimage
from zennit.attribution import Gradient

from parity.common import MEAN, ROOT, STD

sys.path.insert(0, str(ROOT / "testdata/attribution"))
import generate_attention as attention  # noqa: E402
import generate_lrp as lrp  # noqa: E402
import generate_more as more  # noqa: E402
import generate_regions as regions  # noqa: E402
from networks import folded  # noqa: E402
from tiny_transformers import patches  # noqa: E402


def up(maps, x):
    return F.interpolate(torch.as_tensor(maps).reshape(1, 1, *maps.shape[-2:]), x.shape[2:], mode="bilinear", align_corners=False)[0]


def leaf(x):
    return x.clone().requires_grad_()


def occlusion(stride, case, x, targets):
    part = Occlusion(lambda batch: case.net(batch).softmax(1))
    size, step = (3, 8, 8), (3, stride, stride)
    return part.attribute(x, size, step, 0.0, targets, perturbations_per_eval=16)[:, 0]


def composite(name, case, x, targets):
    with Gradient(model=folded(case.fresh(x.dtype)), composite=lrp.presets()[name]) as attributor:
        return attributor(x.clone(), torch.eye(case.net.fc.out_features, dtype=x.dtype)[targets])[1]


def deeplift_shap(case, x, targets):
    each = [more.deeplift(case.fresh(x.dtype), x, targets, baseline[None].to(x.dtype)) for baseline in case.baselines]
    return sum(each) / len(each)


def controls(method, x):
    pixels = x[0] * torch.tensor(STD, dtype=x.dtype)[:, None, None] + torch.tensor(MEAN, dtype=x.dtype)[:, None, None]
    if method == "edge":
        grey = pixels.mean(0).numpy()
        return np.hypot(ndimage.sobel(grey, 0, mode="nearest"), ndimage.sobel(grey, 1, mode="nearest"))[None]
    if method == "center":
        side = (np.arange(x.shape[2]) + 0.5) / x.shape[2]
        line = np.exp(-(((side - 0.5) / 0.25) ** 2) / 2)
        return np.outer(line, line)[None]
    return x.abs().mean(1)


def token_cam(kind, case, x, targets):
    """pytorch-grad-cam on tokens at the last block's first norm, before it scales the map to 0..1."""
    layer = case.net.blocks[-1].norm1
    with kind(case.net, [layer], reshape_transform=patches) as cam:
        cam(leaf(x), [ClassifierOutputTarget(int(c)) for c in targets])
        seen = cam.activations_and_grads
        values = seen.activations[0].detach().numpy()
        gradients = seen.gradients[0].detach().numpy() if seen.gradients else None
        raw = cam.get_cam_image(x, layer, [ClassifierOutputTarget(int(c)) for c in targets], values, gradients, False)
    if kind is EigenCAM:
        flat = raw.reshape(-1)
        return up(raw * np.sign(flat[np.abs(flat).argmax()]), x)
    return up(np.maximum(raw, 0), x)


ANY = {
    "center": lambda case, x, t: controls("center", x),
    "edge": lambda case, x, t: controls("edge", x),
    "input-magnitude": lambda case, x, t: controls("input-magnitude", x),
    "gradient": lambda case, x, t: Saliency(case.net).attribute(x, t, abs=False),
    "input-x-gradient": lambda case, x, t: InputXGradient(case.net).attribute(x, t),
    "integrated-gradients:steps=20":
        lambda case, x, t: IntegratedGradients(case.net).attribute(x, 0.0, t, n_steps=20, internal_batch_size=10),
    "guided-ig:steps=25,distance=0.3,fraction=0.5": lambda case, x, t: more.guided_ig(case.net, x, t),
    "blur-ig:steps=20,sigma=10": lambda case, x, t: more.blur_ig(case.net, x, t),
    "xrai:steps=20": lambda case, x, t: regions.xrai(case.net, x, t, steps=20),
}
CNN = ANY | {
    "guided-backprop": lambda case, x, t: GuidedBackprop(case.net).attribute(x, t),
    "deconvnet": lambda case, x, t: Deconvolution(case.net).attribute(x, t),
    "deeplift": lambda case, x, t: more.deeplift(case.fresh(x.dtype), x, t, torch.zeros_like(x)),
    "deeplift-shap:samples=3,baseline=images": deeplift_shap,
    "lrp": partial(composite, "z-plus-box"),
    "lrp:preset=epsilon-plus": partial(composite, "epsilon-plus"),
    "lrp:preset=epsilon-plus-flat": partial(composite, "epsilon-plus-flat"),
    "lrp:preset=epsilon-gamma-box": partial(composite, "epsilon-gamma-box"),
    "lrp:preset=epsilon-alpha2-beta1": partial(composite, "epsilon-alpha2-beta1"),
    "lrp:preset=epsilon-alpha2-beta1-flat": partial(composite, "epsilon-alpha2-beta1-flat"),
    "excitation-backprop": lambda case, x, t: regions.excitation(folded(case.fresh(x.dtype)), x, t, case.layer),
    "fullgrad": lambda case, x, t: more.fullgrad(case.net, x, t),
    "gradcam": lambda case, x, t: up(LayerGradCam(case.net, case.net.layer4).attribute(x, t, relu_attributions=True), x),
    "gradcam:relu=false": lambda case, x, t: up(LayerGradCam(case.net, case.net.layer4).attribute(x, t), x),
    "gradcam++": lambda case, x, t: more.cams(case.net, x, t)["gradcam++"],
    "gradcam++:variant=bee": lambda case, x, t: more.cams(case.net, x, t)["gradcam++.bee"],
    "layercam": lambda case, x, t: up(more.layercam(case.net, x, "layer4", t), x),
    "hirescam": lambda case, x, t: more.cams(case.net, x, t)["hirescam"],
    "xgradcam": lambda case, x, t: more.cams(case.net, x, t)["xgradcam"],
    "eigencam": lambda case, x, t: more.cams(case.net, x, t)["eigencam"],
    "ablation-cam": lambda case, x, t: more.ablation(case.net, x, t),
    "lift-cam": lambda case, x, t: more.lift_cam(case.net, x, t),
    "act-ig": lambda case, x, t: more.act_ig(case.net, x, t),
    "iia:steps=4": lambda case, x, t: more.iia(case.net, x, t)["iia"],
    "iia:steps=4,variant=published": lambda case, x, t: more.iia(case.net, x, t)["iia.published"],
}
# Its code has rules for the modules of torchvision only.
TORCHVISION = {"lrp:preset=coherency": lambda case, x, t: lrp.coherency(case.fresh(x.dtype), x, t)}
# A forward pass for each channel of a layer: on the small network only.
MASKS = {
    "scorecam": lambda case, x, t: more.score_cam(case.net, x, t),
    "sise": lambda case, x, t: regions.sise(case.net, x, t, False, case.blocks),
    "ada-sise": lambda case, x, t: regions.sise(case.net, x, t, True, case.blocks),
    "occlusion": partial(occlusion, 8),
    "occlusion:window=8,stride=4": partial(occlusion, 4),
}
VIT = ANY | {
    "gradcam": partial(token_cam, GradCAM),
    "gradcam++": partial(token_cam, GradCAMPlusPlus),
    "layercam": partial(token_cam, LayerCAM),
    "hirescam": partial(token_cam, HiResCAM),
    "xgradcam": partial(token_cam, XGradCAM),
    "eigencam": partial(token_cam, EigenCAM),
    "iia:steps=2": lambda case, x, t: up(attention.iia(case.net, x, t), x),
    "attn-lrp": lambda case, x, t: attention.attn_lrp(case.net, x, t),
    "occlusion": partial(occlusion, 8),
    "occlusion:window=8,stride=4": partial(occlusion, 4),
}
ROWS = {
    "attention": "attention", "rollout": "rollout", "gradient-rollout": "gradient-rollout",
    "gradient-rollout:relu=false,normalise=false": "gradient-rollout.signed", "attention-gradcam": "attention-gradcam",
    "partial-lrp": "partial-lrp", "t-attr": "t-attr", "t-attr:start=0": "t-attr.all", "gae": "gae",
}
VIT |= {spec: lambda case, x, t, name=name: up(attention.maps(case.net, leaf(x), t)[name], x) for spec, name in ROWS.items()}
