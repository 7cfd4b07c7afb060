"""Writes reference results of ROAD (see README.md): SciPy's sparse direct solver and pytorch-grad-cam, without noise.

Run: python testdata/perturbation/generate_road.py   Versions: testdata/requirements.txt (grad-cam 1.5.7, scipy 1.17.1).
"""

import numpy as np
import torch
from generate import CLASSES, HERE, MEAN, N, NET, SIDE, STD, X, least_relevant_first, most_relevant_first, probabilities, save
from pytorch_grad_cam.metrics import road
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget, ClassifierOutputTarget

# All of its metrics make an imputer without arguments.
road.NoisyLinearImputer.__init__.__defaults__ = (0.0, road.neighbors_weights)
PERCENTAGES = range(10, 100, 10)
# At these its thresholds remove as many of N pixels as an exact count does; at 20, 40, 60 and 80 one more.
PERCENTILES = [5, 15, 25, 30, 35, 50, 55, 75, 78]


def smooth():
    """Maps like those of Grad-CAM, large hills; values are ranks, so that none comes twice."""
    coarse = torch.from_numpy(np.random.default_rng(5).random((1, 2, 5, 5)))
    values = torch.nn.functional.interpolate(coarse, (SIDE, SIDE), mode="bicubic")[0].numpy().reshape(2, N)
    return (values.argsort(1).argsort(1) / N).reshape(2, SIDE, SIDE).astype("<f4")


def missing(values, count, order):
    mask = np.zeros(N, bool)
    mask[order(values)[:count]] = True
    return mask.reshape(SIDE, SIDE)


def impute(x, mask):
    known = torch.from_numpy((~mask).astype(np.float32))
    return road.NoisyLinearImputer()(x.float(), known).double()


def curve(x, values, target, order):
    images = [impute(x, missing(values, N * percent // 100, order)) for percent in PERCENTAGES]
    return probabilities(images)[:, target]


def averages(values):
    """Target (softmax, logit), average (most relevant first, least relevant first, combined), image."""
    scaled = (values - values.min((1, 2), keepdims=True)) / np.ptp(values, (1, 2), keepdims=True)
    metrics = [road.ROADMostRelevantFirstAverage, road.ROADLeastRelevantFirstAverage, road.ROADCombined]
    model = lambda x: NET(x.double())
    return [[metric(PERCENTILES)(X.float(), scaled.astype(np.float64), [kind(c) for c in CLASSES], model) for metric in metrics]
            for kind in (ClassifierOutputSoftmaxTarget, ClassifierOutputTarget)]


def its_errors(values):
    """What ours does not share: `auto` removes the least relevant pixels, and of a sparse map all are removed."""
    removed = lambda m, percentile: road.RemoveMostRelevantFirst(percentile, lambda _, known: known.numpy() == 0)(
        None, torch.from_numpy(m))
    auto = removed((values - values.min()) / np.ptp(values), "auto")
    assert values[auto].mean() < values[~auto].mean()
    sparse = np.where(values >= np.quantile(values, 0.95), values, 0)
    assert all(removed(sparse, percentile).all() for percentile in PERCENTAGES)


if __name__ == "__main__":
    torch.set_num_threads(2)
    hills, noise = smooth(), np.load(HERE / "signed.npy")
    pixels = X[0] * STD + MEAN
    save("road.smooth", hills)
    save("road.imputed", torch.stack([
        impute(pixels, missing(hills[0], N * 9 // 10, most_relevant_first)),
        impute(pixels, missing(noise[0], N // 2, least_relevant_first)),
    ]))
    orders = (most_relevant_first, least_relevant_first)
    save("road.curves", [[[curve(X[i], m[i], CLASSES[i], order) for order in orders] for i in range(2)] for m in (hills, noise)])
    save("road.grad_cam", averages(hills))
    its_errors(hills[0].astype(np.float64))
