"""What `--protocol NAME` makes of MobileNetV2 on real images, and of the embedded ViT on its own, against the toolkit itself or the
authors' formulas: numbers to 1e-3 relative, what is counted exactly, or the cause by its name. What is drawn at random is compared without it (`noise=0`), and what a
toolkit measures wrongly is left out, as `docs/protocols.md` says."""

import csv
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil
from pathlib import Path

import numpy as np
import quantus
import torch
from PIL import Image, ImageFilter
from pytorch_grad_cam.metrics.cam_mult_image import DropInConfidence, IncreaseInConfidence
from pytorch_grad_cam.metrics.perturbation_confidence import (
    PerturbationConfidenceMetric, RemoveLeastRelevantFirst, RemoveMostRelevantFirst,
)
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget
from saliency.metrics import pic
from scipy.ndimage import gaussian_filter
from torchcam.metrics import ClassificationMetric, DeletionInsertionMetric

from parity import testbed
from parity.common import DATA, MEAN, REAL, STD, chosen, image, labels, read_map, run, write_images
from parity.metrics import CROP, MODEL, RELATIVE, crop, imputed, normalise, replaced

PERCENT = [10, 20, 30, 40, 50, 70, 90]
ROAD = "road:noise=0,percent=" + "+".join(map(str, PERCENT))
# Behind the name of a number whose counts of pixels are the originals', where ours are exact shares: measured, not held to a limit.
COUNTS = " (their counts)"
ROAD_LERF = ROAD.replace("percent", "order=lerf,percent")


@dataclass
class Item:
    """A map that we wrote, with its image and class."""

    net: torch.nn.Module
    prepare: callable
    path: str
    values: np.ndarray
    target: int

    @cached_property
    def planes(self):
        x = self.prepare(self.path).numpy() * np.array(STD)[:, None, None] + np.array(MEAN)[:, None, None]
        return np.rint(x * 255) / 255

    @property
    def side(self):
        return len(self.values)

    @property
    def pixels(self):
        return self.values.size

    @property
    def colour(self):
        return np.broadcast_to(np.array(MEAN)[:, None, None], self.planes.shape)

    @property
    def black(self):
        return np.zeros_like(self.planes)

    def first(self, percent, sign):
        """Which pixels are the first of an order."""
        along = np.argsort(sign * self.values.ravel(), kind="stable")
        return np.isin(np.arange(self.pixels), along[: self.pixels * percent // 100])

    def exact(self, steps):
        return np.rint(np.arange(steps + 1) * self.pixels / steps).astype(int)

    @cached_property
    def picture(self):
        return Image.fromarray(np.rint(self.planes.transpose(1, 2, 0) * 255).astype(np.uint8))

    @property
    def order(self):
        return np.argsort(-self.values.ravel(), kind="stable")

    @property
    def unit(self):
        """The map moved to 0..1."""
        return (self.values - self.values.min()) / np.ptp(self.values)

    @torch.no_grad()
    def ask(self, inputs):
        """Of inputs of the network: the target's probabilities, the predicted classes, the target's logits."""
        parts = torch.split(torch.stack(list(inputs)), 16)
        scores = torch.cat([self.net(part) for part in parts]).double()
        return scores.softmax(1)[:, self.target].numpy(), scores.argmax(1).numpy(), scores[:, self.target].numpy()

    def shown(self, images):
        return self.ask(normalise(one) for one in images)

    def masked(self, mask, fill):
        """Average drop and increase in confidence, in per cent, and the average gain."""
        clean, other = self.shown([self.planes, self.planes * mask + fill * (1 - mask)])[0]
        return 100 * max(clean - other, 0) / clean, 100.0 * (other > clean), max(other - clean, 0) / (1 - clean)


def areas(item, counts, behind=""):
    """Deletion and insertion with the mean colour, as if the counts were evenly spaced."""
    area = lambda start, end: np.trapezoid(item.shown(replaced(start, item.order, counts, end))[0]) / (len(counts) - 1)
    return {f"deletion:fill=zero{behind}": area(item.planes, item.colour),
            f"insertion:fill=zero{behind}": area(item.colour, item.planes)}


def coherency(item):
    drop, increase, _ = item.masked(item.values, item.colour)
    theirs = areas(item, np.minimum(np.arange(101) * ceil(item.pixels / 100), item.pixels), COUNTS)
    return theirs | areas(item, item.exact(100)) | {"adp:fill=zero": drop, "pic:fill=zero": increase}


def removal(item):
    """POS and NEG of Chefer, which EEA and BEE measure too, and INS and DEL of the latter."""
    counts, grid = [int(item.pixels * step / 10) for step in range(10)], np.arange(10) / 10
    area = lambda heights: 100 * np.trapezoid(heights.astype(float), grid)
    most = item.shown(replaced(item.planes, item.order, counts, item.black))
    least = item.shown(replaced(item.planes, np.argsort(item.values.ravel(), kind="stable"), counts, item.black))
    return {"pos": area(most[1] == item.target), "neg": area(least[1] == item.target), "del": area(most[0]), "ins": area(least[0])}


def eea(item):
    drop, increase, _ = item.masked(item.unit, item.black)
    return removal(item) | {"adp": drop, "pic": increase}


def chefer(item):
    return {name: value for name, value in removal(item).items() if name in ("pos", "neg")}


def tame(item):
    drop, increase, _ = item.masked(item.unit, item.black)
    return {"adp": drop, "pic": increase}


def meaningful(item):
    expected, counts = {}, [item.pixels * step // 10 for step in range(11)]
    blurred = np.asarray(item.picture.filter(ImageFilter.GaussianBlur(10))).transpose(2, 0, 1) / 255
    mean = np.broadcast_to(item.planes.mean((1, 2), keepdims=True), item.planes.shape)
    for fill, pixels in (("", item.black), ("fill=pil-blur", blurred), ("fill=mean", mean)):
        for order, sign in (("", -1), ("order=lerf", 1)):
            along = np.argsort(sign * item.values.ravel(), kind="stable")
            p, predicted, _ = item.shown(replaced(item.planes, along, counts, pixels))
            name = ":".join(part for part in ("", ",".join(part for part in (fill, order) if part)) if part)
            expected["classic" + (f":{name}" if name else "")] = np.trapezoid((predicted == predicted[0]).astype(float), np.arange(11) / 10)
            expected["classic-violation" + (f":{name}" if name else "")] = np.mean(p[1:] > p[0])
    crops, areas = zip(*(crop(item.picture, item.order, step) for step in range(1, 11)))
    p, predicted, _ = item.shown([item.planes, *(np.asarray(one).transpose(2, 0, 1) / 255 for one in crops)])
    expected["saliency-metric"] = np.mean(np.log(np.maximum(areas, 0.05)) - np.log(p[1:]))
    expected["crop-accuracy"] = np.mean(predicted[1:] == predicted[0])
    return expected


def rise(item):
    delta = np.zeros((11, 11))
    delta[5, 5] = 1
    kernel = torch.zeros(3, 3, 11, 11)
    for channel in range(3):
        kernel[channel, channel] = torch.tensor(gaussian_filter(delta, 5))
    x = normalise(item.planes)
    blurred = torch.nn.functional.conv2d(x[None], kernel, padding=5)[0].numpy()
    counts = item.exact(224)
    curve = lambda start, end: item.ask(map(torch.tensor, replaced(start, item.order, counts, end)))[0]
    area = lambda y: (y.sum() - (y[0] + y[-1]) / 2) / 224
    return {"deletion:fill=zero,steps=224": area(curve(x.numpy(), np.zeros_like(x.numpy()))),
            "insertion:fill=rise-blur,steps=224": area(curve(blurred, x.numpy()))}


def road(item):
    expected = {}
    for name, sign in ((ROAD, -1), (ROAD_LERF, 1)):
        holes = [item.first(percent, sign) for percent in PERCENT]
        p, predicted, _ = item.shown(imputed(item.planes, missing) for missing in holes)
        expected |= {name: p.mean(), f"{name},score=hit": np.mean(predicted == item.target)}
    return expected


def information(item):
    thresholds = [0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.10, 0.13, 0.21, 0.34, 0.5, 0.75]
    pixels = np.asarray(item.picture)
    ask = lambda images: item.shown(one.transpose(2, 0, 1) / 255 for one in images)[0]
    np.random.seed(0)
    mask = pic.generate_random_mask(item.side, item.side, 0.01)
    try:
        result = pic.compute_pic_metric(pixels, item.values, mask, ask, thresholds, min_pred_value=0.8)
    except pic.ComputePicMetricError:
        return {}
    return {"sic:thresholds=pair,min-probability=0.8": result.auc}


def grad_cam(item):
    x, cams, targets = normalise(item.planes)[None], item.values[None].astype(np.float32), [ClassifierOutputSoftmaxTarget(item.target)]
    ask = lambda metric: float(metric(x, cams, targets, item.net)[0])
    measures = {"confidence-drop:fill=zero,scale=none": ask(DropInConfidence()),
                "pic:fill=zero,scale=none": 100 * ask(IncreaseInConfidence()), "mean-saliency:scale=none": np.abs(cams).mean()}
    clean = item.shown([item.planes])[0][0]
    for behind in (COUNTS, ""):
        found = {}
        for order, remove, sign in (("", RemoveMostRelevantFirst, -1), ("order=lerf,", RemoveLeastRelevantFirst, 1)):
            if behind:
                parts = [PerturbationConfidenceMetric(remove(percent, NoisyLinearImputer(noise=0))) for percent in (10, 50, 90)]
                found[order] = np.mean([ask(part) for part in parts])
            else:
                holes = [item.first(percent, sign) for percent in (10, 50, 90)]
                found[order] = np.mean(item.shown(imputed(item.planes, missing) for missing in holes)[0]) - clean
            measures[f"road-change:noise=0,{order}percent=10+50+90{behind}"] = found[order]
        most, least = found.values()
        measures[f"road-combined:noise=0,percent=10+50+90{behind}"] = (least - most) / 2
    return measures


class Given:
    """A torch-cam extractor that hands over our map."""

    def __init__(self, item):
        self.model, self.cam = item.net, torch.tensor(item.values, dtype=torch.float32)[None]

    def __call__(self, *_, **__):
        return [self.cam]

    def fuse_cams(self, cams):
        return cams[0]

    def _hooks_off(self):
        return torch.no_grad()


def torch_cam(item):
    x, softmax = normalise(item.planes)[None], partial(torch.softmax, dim=-1)
    of_class, curves = ClassificationMetric(Given(item), softmax), DeletionInsertionMetric(Given(item), softmax, steps=20)
    for metric in (of_class, curves):
        metric.update(x, item.target)
    masked, of_curves = of_class.summary(), curves.summary()
    theirs = {f"{name}:fill=zero,steps=20{COUNTS}": of_curves[f"{name}_auc"] for name in ("deletion", "insertion")}
    return theirs | areas(item, item.exact(20), ",steps=20") | {
        "adp:fill=zero,scale=none": 100 * masked["avg_drop"], "pic:fill=zero,scale=none": 100 * masked["conf_increase"]}


def xplique(item):
    theirs = areas(item, np.linspace(0, item.pixels, 11).astype(int), f",steps=10{COUNTS}")
    drop, increase, gain = item.masked(item.unit, item.colour)
    q = np.abs(item.values) / np.abs(item.values).sum()
    return theirs | areas(item, item.exact(10), ",steps=10") | {
        "adp:fill=zero": drop, "pic:fill=zero": increase, "average-gain:fill=zero": gain, "entropy": -np.sum(q * np.log(q + 1e-8))}


def of_quantus(item):
    """A step of 3,136 entries of all channels ends within a pixel: 3,136 / 3 pixels, of which ours are the nearest numbers; of these
    the same formula besides."""
    x = normalise(item.planes)[None].numpy()
    given = dict(model=item.net, x_batch=x, y_batch=np.array([item.target]), a_batch=item.values[None, None].astype(np.float32))
    quiet = dict(disable_warnings=True, display_progressbar=False)
    ask = lambda metric, **more: np.asarray(metric(**more, **quiet)(**given)[0], float)
    clean = item.shown([item.planes])[0][0]
    area = lambda heights: np.trapezoid([clean, *np.ravel(heights)]) / len(np.ravel(heights))
    groups, flat = np.split(item.order, item.exact(48)[1:-1]), x.reshape(3, -1)
    alone = [np.where(np.isin(np.arange(item.pixels), group), flat.min(), flat).reshape(x[0].shape) for group in groups]
    drops = item.shown([item.planes])[2][0] - item.ask(map(torch.tensor, alone))[2]  # of logits
    weights = [item.values.ravel()[group].sum() for group in groups]
    return {"faithfulness-estimate:fill=min,blocks=0,steps=48": np.corrcoef(weights, drops)[0, 1],
            f"deletion:fill=min,steps=48{COUNTS}": area(ask(quantus.PixelFlipping, features_in_step=3136)),
            f"faithfulness-estimate:fill=min,blocks=0,steps=48{COUNTS}": ask(quantus.FaithfulnessEstimate, features_in_step=3136),
            "aopc:size=8,fill=min": np.sum(ask(quantus.RegionPerturbation)) / 101,
            "selectivity:size=8,fill=min,steps=784": area(ask(quantus.Selectivity)),
            "gini": ask(quantus.Sparseness), "entropy": ask(quantus.Complexity),
            "relevant-pixels": ask(quantus.EffectiveComplexity) / item.pixels}


# What is said besides `--protocol`: of explain and of perturb. `gradient` has no ties.
GRADIENT, GRADCAM = ["-m", "gradient"], ["-m", "gradcam"]
CHECKS = {
    "coherency": (coherency, GRADIENT, ["-t", "deletion:fill=zero", "-t", "insertion:fill=zero", "-t", "mask:fill=zero"]),
    "bee": (eea, [*GRADIENT, *GRADCAM], ["-t", "pos", "-t", "neg", "-t", "mask"]),
    "eea": (eea, [*GRADIENT, *GRADCAM], []),
    "chefer": (chefer, [*GRADIENT, *GRADCAM], []),
    "meaningful": (meaningful, GRADIENT, []),
    "rise": (rise, GRADIENT, []),
    "road": (road, GRADCAM, ["-t", ROAD, "-t", ROAD_LERF]),
    "pic": (information, GRADIENT, []),
    "tame": (tame, [*GRADIENT, *GRADCAM], []),
    "quantus": (of_quantus, GRADIENT, ["-t", "deletion:fill=min,steps=48", "-t", "single:fill=min,blocks=0,steps=48",
                                       "-t", "patches:size=8,fill=min", "-t", "patches:size=8,fill=min,steps=784"]),
    "pytorch-grad-cam": (grad_cam, [*GRADIENT, "--sign=both"], ["-t", "mask:fill=zero,scale=none", "-t", "road:noise=0,percent=10+50+90",
                                                                "-t", "road:noise=0,order=lerf,percent=10+50+90"]),
    "torchcam": (torch_cam, GRADCAM, []),
    "xplique": (xplique, [*GRADIENT, "--sign=abs"], ["-t", "deletion:fill=zero,steps=10", "-t", "insertion:fill=zero,steps=10",
                                                     "-t", "mask:fill=zero"]),
}
# What says nothing about maps.
MAPS_OF_ONES_OWN = ("quantus", "xplique")
# Of how many maps, where the original takes minutes for each: SciPy's griddata.
FEW = {"pic": 3}
# What does not fit 64 x 64 pixels: 100 regions of 8 x 8, and curves over the sizes of files.
UNFIT = ("quantus", "pic")
# Where 1e-3 is not the limit, and why.
LIMITS = {
    "saliency-metric": CROP,  # Pillow's weights are fixed-point numbers
    "sic": np.inf,  # another WebP encoder and another random mask: measured, not held
}
ALONE = ("gini", "entropy", "relevant-pixels", "mean-saliency:scale=none")
COUNTED = ("pic", "pos", "neg", "classic", "classic-violation", "crop-accuracy")


def ours(args, name, model, table, more, tests):
    """Our rows of explain, and what score says of the answers and of the maps."""
    common, protocol = [*model, "--device", args.device, "--threads", args.threads, "-q"], ["--protocol", name]
    of_maps = [] if name in MAPS_OF_ONES_OWN else protocol
    folder = args.out / "protocol-maps"
    rows, maps = run(args.bin / "explain", [*common, *of_maps, *more, "-o", folder, "--images", table])
    answers = run(args.bin / "perturb", [*common, *protocol, *tests], stdin=maps)[1]
    scores, _ = run(args.bin / "score", protocol, stdin=answers)
    alone, _ = run(args.bin / "score", [part for metric in ALONE for part in ("-m", metric)], stdin=maps)
    key = lambda score: (score["image"], score["method"], score["metric"])
    return rows, {key(score): float(score["value"]) for score in [*scores, *alone]}


def check(args, name, checked, subject, table):
    """Compares one protocol; the largest relative distance of each metric."""
    (reference, more, tests), (model, net, prepare) = checked, subject
    rows, scores = ours(args, name, model, table, more, tests)
    good, worst = True, {}
    for row in rows[: FEW.get(name)]:
        values = read_map(row).astype(np.float64)
        item = Item(net, prepare, row["image"], values.sum(0) if values.ndim == 3 else values, int(row["target"]))
        for metric, expected in reference(item).items():
            found = scores.get((row["image"], row["method"], metric.removesuffix(COUNTS)), np.nan)
            counts = COUNTS if metric.endswith(COUNTS) else ""
            short = metric.split(":")[0] + counts
            far = abs(found - expected) / max(abs(expected), 0.1)
            worst.setdefault(short, []).append(far)
            limit = np.inf if counts else 1e-9 if short in COUNTED else LIMITS.get(short, RELATIVE)
            if not far <= limit:
                good = False
                print(f"{name}, {Path(row['image']).stem}, {row['method']}, {metric}: {found} instead of {expected}", flush=True)
    for metric, far in worst.items():
        print(f"{name}, {metric}: {len(far)} numbers, at most {np.nanmax(far):.1e} apart, median {np.nanmedian(far):.1e}", flush=True)
    return good


def protocols(args):
    np.trapz = np.trapezoid  # what PAIR's program calls is gone from NumPy
    known = {Path(name).stem: label for name, label in labels()}
    paths = write_images(args.out / "images-20", 20)[:: max(20 // args.images, 1)][: args.images]
    table = write_table(args.out / "protocols.csv", [(path, known[path.stem]) for path in paths])
    subject = MODEL, REAL["mobilenet-v2"][0](DATA).eval(), image
    return all([check(args, name, CHECKS[name], subject, table) for name in chosen(args, CHECKS)])


def protocols_vit(args):
    """Those of CHECKS that a network for 64 x 64 pixels fits, along gradients and, where there are two methods, rollout."""
    np.trapz = np.trapezoid
    table = write_table(args.out / "protocols-vit.csv", testbed.write_images(args.out / "testbed")[: args.images])
    subject = testbed.MODEL, testbed.vit(), testbed.image
    methods = lambda more: [part.replace("gradcam", "rollout") for part in more]
    fitting = {name: (reference, methods(more), tests) for name, (reference, more, tests) in CHECKS.items() if name not in UNFIT}
    return testbed.same_scores(args, subject, table) & all(
        [check(args, name, fitting[name], subject, table) for name in chosen(args, fitting)])


def write_table(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("image", "label"), *((image.resolve(), label) for image, label in rows)])
    return path
