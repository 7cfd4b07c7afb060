"""The same by Captum, pytorch-grad-cam, zennit and Quantus, called as their documentation says, in batches."""

import numpy as np
import quantus
import torch
from captum.attr import IntegratedGradients, KernelShap, NoiseTunnel, Occlusion, Saliency
from pytorch_grad_cam import AblationCAM, GradCAM, ScoreCAM
from pytorch_grad_cam.metrics import road as road_metrics
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget, ClassifierOutputTarget
from zennit.attribution import Gradient
from zennit.composites import EpsilonPlus
from zennit.torchvision import ResNetCanonizer

from bench.imputation import LEVELS, masks, planes
from bench.peer import peer

BATCH = 16


def each(s, attribute):
    """One image (1, 3, 224, 224) and its class at a time; maps summed over channels."""
    maps = [attribute(x[None], int(target))[0].sum(0) for x, target in zip(s.x, s.targets)]
    return torch.stack(maps).detach().cpu().numpy()


def probability(s):
    return lambda x: s.net(x).softmax(1)


@peer("integrated-gradients", "Captum")
def integrated_gradients(s):
    method = IntegratedGradients(s.net)
    return each(s, lambda x, target: method.attribute(x, 0.0, target, n_steps=50, internal_batch_size=10))


@peer("smoothgrad", "Captum")
def smoothgrad(s):
    method = NoiseTunnel(Saliency(s.net))
    torch.manual_seed(0)
    return each(s, lambda x, target: method.attribute(
        x, nt_type="smoothgrad", nt_samples=25, nt_samples_batch_size=5, stdevs=0.15 * float(x.max() - x.min()),
        target=target, abs=False))


@peer("occlusion", "Captum")
@torch.no_grad()
def occlusion(s):
    method = Occlusion(probability(s))
    return each(s, lambda x, target: method.attribute(
        x, (3, 32, 32), (3, 16, 16), 0.0, target, perturbations_per_eval=BATCH)[:, :1])


@peer("kernel-shap", "Captum")
@torch.no_grad()
def kernel_shap(s, samples, cells=8):
    line = torch.arange(224, device=s.device) * cells // 224
    segments = (line[:, None] * cells + line)[None, None]
    method = KernelShap(probability(s))
    torch.manual_seed(0)
    return each(s, lambda x, target: method.attribute(
        x, 0.0, target, feature_mask=segments, n_samples=samples, perturbations_per_eval=BATCH)[:, :1])


@peer("lrp", "zennit")
def lrp(s):
    maps = []
    with Gradient(s.net, EpsilonPlus(canonizers=[ResNetCanonizer()])) as attributor:
        for x, targets in s.batches():
            start = torch.eye(1000, device=s.device)[targets]
            maps.append(attributor(x.clone().requires_grad_(), start)[1].sum(1))
    return torch.cat(maps).detach().cpu().numpy()


@peer("gradcam", "pytorch-grad-cam")
def gradcam(s):
    maps = []
    with GradCAM(s.net, [s.network.layer], reshape_transform=s.network.grid) as cam:
        for x, targets in s.batches():
            maps += [*cam(x.clone().requires_grad_(), [ClassifierOutputTarget(int(target)) for target in targets])]
    return np.stack(maps)


def without_gradients(s, method):
    with method(s.net, [s.network.layer]) as cam, torch.no_grad():
        maps = [cam(x[None], [ClassifierOutputTarget(int(target))])[0] for x, target in zip(s.x, s.targets)]
    return np.stack(maps)


@peer("scorecam", "pytorch-grad-cam")
def scorecam(s):
    return without_gradients(s, ScoreCAM)


@peer("ablation-cam", "pytorch-grad-cam")
def ablation_cam(s):
    return without_gradients(s, AblationCAM)


def flipped(s, start, **arguments):
    """Curves (n, 96) from `start`: Quantus orders the values of all channels, here 3 x 50176 of them, and leaves out the start."""
    metric = quantus.PixelFlipping(features_in_step=3 * 224 * 224 // 96, disable_warnings=True, **arguments)
    return np.asarray(metric(
        model=s.net, x_batch=start, y_batch=s.targets.cpu().numpy(), a_batch=s.maps[:, None], channel_first=True,
        device=s.device))


@peer("pixel-flipping", "Quantus")
def pixel_flipping(s):
    return flipped(s, s.x.cpu().numpy(), perturb_baseline=0.0)


def put_back(arr, indices, image, **_):
    """What Quantus asks of a perturbation: the values (n, values) with those of the image at (n, some) of them."""
    arr = arr.copy()
    np.put_along_axis(arr, indices, np.take_along_axis(image, indices, 1), 1)
    return arr


@peer("quantus-curves", "Quantus")
def both_to_zero(s):
    """It has no insertion: here that is flipping of the zero image, where a flipped value is the image's."""
    x = s.x.cpu().numpy()
    image = {"image": x.reshape(len(x), -1)}
    ways = flipped(s, x, perturb_baseline=0.0), flipped(s, np.zeros_like(x), perturb_func=put_back, perturb_func_kwargs=image)
    return np.stack(ways, 1).reshape(2 * len(x), -1)


@peer("road", "pytorch-grad-cam")
def road(s):
    """Without noise, which its metrics have no argument for. Its percentiles remove from the other end, and one pixel more than
    an exact count at some levels."""
    road_metrics.NoisyLinearImputer.__init__.__defaults__ = (0.0, road_metrics.neighbors_weights)
    curves = []
    for x, target, cam in zip(s.x, s.targets, s.maps):
        arguments = x[None], cam[None].astype(np.float64), [ClassifierOutputSoftmaxTarget(int(target))], s.net
        for metric in (road_metrics.ROADMostRelevantFirst, road_metrics.ROADLeastRelevantFirst):
            curves.append([float(metric(100 - level)(*arguments, return_diff=False)[0]) for level in LEVELS])
    return np.array(curves)


def imputation(s, kind):
    imputer, pixels = road_metrics.NoisyLinearImputer(noise=0.0), torch.from_numpy(planes(s.paths[: len(s.x)]))
    known = torch.from_numpy(~masks(s.maps[: len(s.x)], kind)).float()
    return np.stack([[imputer(x, mask).numpy() for mask in of_map] for x, of_map in zip(pixels, known)])


for of_map in ("gradcam", "random"):
    peer(f"imputation-{of_map}", "pytorch-grad-cam")(imputation)
