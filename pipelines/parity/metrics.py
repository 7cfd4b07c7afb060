"""Tests and metrics of MobileNetV2 on real images, along maps that we wrote, against PyTorch, SciPy, Pillow and Quantus: curves
to 1e-4, numbers to 1e-3 relative, what is counted exactly."""

from pathlib import Path

import numpy as np
import quantus
import torch
from PIL import Image, ImageFilter
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve
from scipy.stats import pearsonr

from parity.common import DATA, MEAN, REAL, STD, explain, image, read_map, run, write_images

CURVE, RELATIVE = 1e-4, 1e-3
# Pillow's weights are fixed-point numbers: of an enlarged crop two bytes in 100,000 differ by 1.
CROP = 1e-3
MODEL = ["--model", "mobilenet-v2", "--weights", DATA / "weights/mobilenet_v2-b0353104.pth", "--preprocess", "imagenet"]
METHODS = ["gradcam", "gradient"]
TESTS = ["patches:size=16,fill=black,steps=20", "mask", "mask:invert=true", "road:noise=0,percent=10+50+90",
         "road:noise=0,order=lerf,percent=10+50+90", "classic:fill=pil-blur", "crop", "single"]
METRICS = ["aopc", "adp", "pic", "average-gain", "drop-in-deletion", "road-combined", "classic", "saliency-metric",
           "faithfulness-estimate"]
ALONE = ["gini", "entropy"]
PIXELS, SIDE = 224 * 224, 224


def normalise(planes):
    """(3, H, W) in 0..1 as the network's input."""
    mean, std = (np.array(values)[:, None, None] for values in (MEAN, STD))
    return torch.tensor((planes - mean) / std, dtype=torch.float32)


def cells(side):
    """The number of the square that each pixel lies in, flat."""
    y, x = np.divmod(np.arange(PIXELS), SIDE)
    return y // side * (SIDE // side) + x // side


def replaced(planes, order, counts, fill):
    """One image for each count, its first pixels in an order from the fill."""
    for count in counts:
        one = planes.reshape(3, -1).copy()
        one[:, order[:count]] = fill.reshape(3, -1)[:, order[:count]]
        yield one.reshape(planes.shape)


def imputed(planes, missing):
    """Missing pixels solved for as weighted means of their neighbours (ROAD), by SciPy's sparse direct solver."""
    holes, side = np.flatnonzero(missing), planes.shape[-1]
    at = np.full(missing.size, -1)
    at[holes] = np.arange(len(holes))
    y, x = np.divmod(holes, side)
    flat = planes.reshape(3, -1)
    right, diagonal, entries = np.zeros((len(holes), 3)), np.zeros(len(holes)), []
    for dy, dx in ((a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b):
        weight = 1 / 6 if dy == 0 or dx == 0 else 1 / 12
        inside = (y + dy >= 0) & (y + dy < side) & (x + dx >= 0) & (x + dx < side)
        rows, neighbours = np.flatnonzero(inside), ((y + dy) * side + x + dx)[inside]
        diagonal[rows] += weight
        known = at[neighbours] < 0
        right[rows[known]] += weight * flat[:, neighbours[known]].T
        entries.append((np.full((~known).sum(), -weight), rows[~known], at[neighbours[~known]]))
    entries.append((diagonal, np.arange(len(holes)), np.arange(len(holes))))
    values, rows, columns = (np.concatenate(part) for part in zip(*entries))
    solved = spsolve(coo_matrix((values, (rows, columns))).tocsc(), right)
    one = flat.copy()
    one[:, holes] = solved.T
    return one.reshape(planes.shape)


def shown(test, planes, values):
    """The images that a test shows, each once, in the order of its rows."""
    flat, picture = values.ravel(), Image.fromarray(np.rint(planes.transpose(1, 2, 0) * 255).astype(np.uint8))
    order = np.argsort(-flat, kind="stable")
    black, mask = np.zeros_like(planes), ((flat - flat.min()) / np.ptp(flat)).reshape(1, SIDE, SIDE)
    if test.startswith("patches"):
        of = cells(16)
        parts = np.argsort(-(np.bincount(of, flat) / np.bincount(of)), kind="stable")
        inside = np.argsort(np.argsort(parts)[of], kind="stable")
        return replaced(planes, inside, np.arange(21) * 256, black)
    if test.startswith("mask"):
        return [planes, planes * (1 - mask if "invert" in test else mask)]
    if test.startswith("road"):
        order = np.argsort(flat, kind="stable") if "lerf" in test else order
        missing = [np.isin(np.arange(PIXELS), order[: PIXELS * percent // 100]) for percent in (10, 50, 90)]
        return [planes, *(imputed(planes, holes) for holes in missing)]
    if test.startswith("classic"):
        blurred = np.asarray(picture.filter(ImageFilter.GaussianBlur(10))).transpose(2, 0, 1) / 255
        return replaced(planes, order, [PIXELS * step // 10 for step in range(11)], blurred)
    if test == "crop":
        return [planes, *(np.asarray(crop(picture, order, step)[0]).transpose(2, 0, 1) / 255 for step in range(1, 11))]
    of = cells(16)
    return [planes, *(np.where((of == part).reshape(1, SIDE, SIDE), 0, planes) for part in range(196))]


def crop(picture, order, step):
    """The tightest rectangle around the first pixels, enlarged, and its share of the image."""
    side = picture.width
    y, x = np.divmod(order[: side * side * step // 10], side)
    box = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
    area = (box[2] - box[0]) * (box[3] - box[1]) / (side * side)
    return picture.crop(box).resize((side, side), Image.Resampling.BICUBIC), area


@torch.no_grad()
def answers(net, images, target):
    scores = torch.stack([net(normalise(one)[None])[0] for one in images])
    return scores.softmax(1)[:, target].numpy(), scores.argmax(1).tolist(), scores[:, target].numpy()


def numbers(curves, picture, values):
    """What our metrics should say, of the curves by their tests: (probabilities, predicted classes, logits)."""
    of = {test.split(":")[0] + (":lerf" if "lerf" in test or "invert" in test else ""): curve for test, curve in curves.items()}
    p = {name: curve[0] for name, curve in of.items()}
    clean, masked = p["mask"]
    order = np.argsort(-values.ravel(), kind="stable")
    areas = np.array([crop(picture, order, step)[1] for step in range(1, 11)])
    same = np.array([predicted == of["classic"][1][0] for predicted in of["classic"][1]], float)
    mass = np.bincount(cells(16), values.ravel())
    return {
        "aopc": np.mean(p["patches"][0] - p["patches"]),
        "adp": 100 * max(clean - masked, 0) / clean,
        "pic": 100.0 * (masked > clean),
        "average-gain": max(masked - clean, 0) / (1 - clean),
        "drop-in-deletion": (clean - p["mask:lerf"][1]) / clean,
        "road-combined": (p["road:lerf"][1:].mean() - p["road"][1:].mean()) / 2,
        "classic": np.trapezoid(same, np.arange(11) / 10),
        "saliency-metric": np.mean(np.log(np.maximum(areas, 0.05)) - np.log(p["crop"][1:])),
        "faithfulness-estimate": pearsonr(mass, of["single"][2][0] - of["single"][2][1:]).statistic,
    }


def of_map(values):
    """The map alone, by Quantus."""
    common = dict(model=None, x_batch=np.zeros((1, 1, SIDE, SIDE)), y_batch=np.zeros(1, int), a_batch=values[None, None])
    one = lambda metric: float(metric(disable_warnings=True, display_progressbar=False)(**common)[0])
    return {"gini": one(quantus.Sparseness), "entropy": one(quantus.Complexity)}


def compare(what, ours, theirs, limit):
    fine = abs(ours - theirs) <= limit
    if not fine:
        print(f"{what}: {ours} instead of {theirs}: TOO FAR", flush=True)
    return bool(fine)


def metrics(args):
    paths = write_images(args.out / "images-20", 20)
    rows, table = explain(args, MODEL, METHODS, paths, args.out / "metric-maps")
    asked = [part for test in TESTS for part in ("-t", test)]
    curves, printed = run(args.bin / "perturb", [*MODEL, "--device", args.device, *asked], stdin=table)
    chosen = lambda names: [part for name in names for part in ("-m", name)]
    scores, _ = run(args.bin / "score", chosen(METRICS), stdin=printed)
    alone, _ = run(args.bin / "score", chosen(ALONE), stdin=table)
    net, good, apart, worst = REAL["mobilenet-v2"][0](DATA).eval(), True, 0.0, {}
    for row in rows:
        x, values, target = image(row["image"]).numpy(), read_map(row).astype(np.float64), int(row["target"])
        values = values.sum(0) if values.ndim == 3 else values
        planes = x * np.array(STD)[:, None, None] + np.array(MEAN)[:, None, None]
        planes = np.rint(planes * 255) / 255
        picture = Image.fromarray(np.rint(planes.transpose(1, 2, 0) * 255).astype(np.uint8))
        same = lambda other: (other["image"], other["method"]) == (row["image"], row["method"])
        references = {}
        for test in TESTS:
            theirs = answers(net, shown(test, planes, values), target)
            ours = np.array([float(curve["probability"]) for curve in curves if same(curve) and curve["test"] == test])
            references[test] = theirs
            far = float(np.abs(ours - theirs[0]).max()) if ours.shape == theirs[0].shape else np.inf
            apart = max(apart, far)
            limit = CROP if test == "crop" else CURVE
            good &= compare(f"{Path(row['image']).stem}, {row['method']}, {test}", far, 0, limit)
        expected = numbers(references, picture, values) | of_map(values)
        inverted = lambda score: "invert" in score["metric"] and not score["metric"].startswith("drop")
        for score in (score for score in [*scores, *alone] if same(score) and not inverted(score)):
            name = score["metric"].split(":")[0]
            limit = 0 if name in ("pic", "classic") else RELATIVE * max(abs(expected[name]), 0.1)
            if name == "average-gain":
                # What a single-precision probability lacks to 1 is rounded by its last bit.
                limit += 2**-23 / (1 - references["mask"][0][0])
            far = abs(float(score["value"]) - expected[name])
            worst[name] = max(worst.get(name, 0), far / max(abs(expected[name]), 0.1))
            good &= compare(f"{Path(row['image']).stem}, {row['method']}, {name}", float(score["value"]), expected[name], limit + 1e-9)
    print(f"curves of {len(rows)} maps and {len(TESTS)} tests: at most {apart:.1e} apart")
    for name, far in worst.items():
        print(f"{name}: at most {far:.1e} apart, relative")
    return good
