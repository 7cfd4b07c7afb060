"""Writes reference perturbation results of `tiny_basic` (see README.md): one plain PyTorch loop per definition.

Run: python testdata/perturbation/generate.py   Versions: testdata/requirements.txt (torch 2.15.0, torchvision 0.29.2,
numpy 2.4.6). The network and its input come from testdata/models.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torchvision.transforms import GaussianBlur

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))
from networks import load  # noqa: E402

CLASSES = [3, 7]
MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64)[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64)[:, None, None]
SIDE, N = 64, 64 * 64
PERCENTILES = [50, 70, 75, 80, 85, 90]

NET = load("tiny_basic")
X = torch.from_numpy(np.load(HERE.parent / "models/input.npy")).double()


def save(name, values):
    np.save(HERE / f"{name}.npy", np.ascontiguousarray(values, dtype="<f4"))


def maps():
    """One map without ties, one in which more than half of the pixels are 0 and the others take 32 values."""
    rng = np.random.default_rng(21)
    ties = np.floor(32 * np.maximum(rng.random((2, SIDE, SIDE)) - 0.55, 0) / 0.45) / 32
    return {"signed": rng.normal(size=(2, SIDE, SIDE)).astype("<f4"), "ties": ties.astype("<f4")}


def fills(x):
    return {
        "black": ((0 - MEAN) / STD).expand_as(x),
        "mean": torch.zeros_like(x),
        "blur": GaussianBlur(11, 5.0)(x),
    }


def most_relevant_first(values):
    return np.argsort(-values.ravel(), kind="stable")


def least_relevant_first(values):
    return np.argsort(values.ravel(), kind="stable")


def replaced(start, end, pixels):
    """`start` with the given pixels (flat indices) taken from `end`."""
    image = start.clone().reshape(3, N)
    image[:, pixels] = end.reshape(3, N)[:, pixels]
    return image.reshape(3, SIDE, SIDE)


@torch.no_grad()
def probabilities(images):
    return torch.cat([NET(torch.stack(images[i : i + 32])).softmax(1) for i in range(0, len(images), 32)]).numpy()


def pixel_curve(start, end, values, counts):
    order = most_relevant_first(values)
    return probabilities([replaced(start, end, order[:count]) for count in counts])


def region_curve(start, end, values, scores=101):
    """9 x 9 regions around the pixels in order; score j when at least j N / 100 pixels are covered."""
    covered, image, images = np.zeros((SIDE, SIDE), bool), start.clone(), []
    order = iter(most_relevant_first(values))
    while True:
        while len(images) < scores and 100 * covered.sum() >= len(images) * N:
            images.append(image.clone())
        if len(images) == scores:
            return probabilities(images)
        row, column = divmod(int(next(order)), SIDE)
        if not covered[row, column]:
            region = (slice(max(row - 4, 0), row + 5), slice(max(column - 4, 0), column + 5))
            image[:, region[0], region[1]] = end[:, region[0], region[1]]
            covered[region] = True


def curves(label, values):
    rules = {
        "21": lambda *a: pixel_curve(*a, [round(j * N / 20) for j in range(21)]),
        "101": lambda *a: pixel_curve(*a, [round(j * N / 100) for j in range(101)]),
        "coherency": lambda *a: pixel_curve(*a, [min(j * -(-N // 100), N) for j in range(101)]),
        "region9": region_curve,
    }
    for rule, curve in rules.items():
        result = np.zeros((2, 3, len(X), 21 if rule == "21" else 101))
        for i, target in enumerate(CLASSES):
            for f, filled in enumerate(fills(X[i]).values()):
                result[0, f, i] = curve(X[i], filled, values[i])[:, target]  # deletion
                result[1, f, i] = curve(filled, X[i], values[i])[:, target]  # insertion
        save(f"{label}.curves_{rule}", result)


def pos_neg(label, values):
    for test, order in {"pos": most_relevant_first, "neg": least_relevant_first}.items():
        result = []
        for i, target in enumerate(CLASSES):
            black = fills(X[i])["black"]
            counts = [int(N * p / 10) for p in range(10)]
            p = probabilities([replaced(X[i], black, order(values[i])[:count]) for count in counts])
            result.append([p[:, target], p.argmax(1)])
        save(f"{label}.{test}", result)


def mask_test(label, values):
    result = []
    for i, target in enumerate(CLASSES):
        m = torch.from_numpy(values[i]).double()
        masks = [(m - m.min()) / (m.max() - m.min())]
        masks += [(m >= np.percentile(values[i].astype(np.float64), q)).double() for q in PERCENTILES]
        pixels = X[i] * STD + MEAN
        black = probabilities([(pixels * mask - MEAN) / STD for mask in masks])
        mean = probabilities([X[i] * mask for mask in masks])
        result.append([black[:, target], mean[:, target]])
    save(f"{label}.mask", result)


if __name__ == "__main__":
    torch.set_num_threads(2)
    save("blur", torch.stack([fills(x)["blur"] for x in X]))
    save("clean", probabilities(list(X)))
    for label, values in maps().items():
        save(label, values)
        curves(label, values)
        pos_neg(label, values)
        mask_test(label, values)
