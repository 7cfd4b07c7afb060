"""Writes reference maps for the methods of the SHAP family and for LIME's regression: Captum's GradientShap,
shap's DeepExplainer, and the solvers of the packages shap and lime, all given the samples instead of drawing them.

Run: python testdata/attribution/generate_shap.py   Versions: testdata/requirements.txt (torch 2.15.0, captum 0.9.0, shap
0.51.0, lime 0.2.0.1). Baselines and noise are the eight images of `smoothgrad_noise.npy`: sample s of image p has noise
s, baseline 4 + (s + p) % 4 and position ((4 p + s) 0.375 + 0.125) mod 1; DeepLIFT SHAP has baselines 0 to 2. Of every map
(2, 3, 64, 64) each fifth row and each third column is kept: `more/<net>.<method>.npy`, (2, 3, 13, 22).
"""

import sys
from pathlib import Path
from unittest import mock

import numpy as np
import shap
import torch
from captum.attr import GradientShap
from lime.lime_base import LimeBase
from sklearn.metrics import pairwise_distances

from generate_more import CLASSES, HERE, deeplift, save

sys.path.insert(0, str(HERE.parent / "models"))
import zoo  # noqa: E402
from networks import load  # noqa: E402

SAMPLES = 4


def gradient_shap(net, x, given, noise):
    """Captum's GradientShap with its three draws replaced; it takes all samples of an image one after another."""
    pairs = [(p, s) for p in range(len(x)) for s in range(SAMPLES)]
    along = np.array([((SAMPLES * p + s) * 0.375 + 0.125) % 1.0 for p, s in pairs])
    chosen = np.array([(s + p) % 4 for p, s in pairs])
    noise = torch.stack([noise[s] for _, s in pairs])
    with (
        mock.patch("numpy.random.uniform", lambda *_: along),
        mock.patch("numpy.random.choice", lambda *_: chosen),
        mock.patch("torch.normal", lambda *_: noise),
    ):
        return GradientShap(net).attribute(x, given[4:], n_samples=SAMPLES, stdevs=0.1, target=CLASSES)


def regressions():
    """Coefficients of both packages' solvers from given subsets (rows) and scores."""
    i, j = np.mgrid[:24, :6]
    data = ((37 * i % 64 >> j) & 1).astype(float)
    data[0] = 1
    scores = np.sin(data @ np.arange(1.0, 7) ** 1.5 / 7)
    distances = pairwise_distances(data, data[:1], metric="cosine").ravel()
    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / 0.25**2)))
    _, found, _, _ = base.explain_instance_with_data(data, scores[:, None], distances, 0, 6, feature_selection="none")
    lime = [value for _, value in sorted(found)]

    kernel = object.__new__(shap.KernelExplainer)
    kernel.link = shap.utils._legacy.IdentityLink()
    kernel.linkfv = kernel.link.f
    kernel.fnull, kernel.fx = np.array([0.2]), np.array([0.9])
    kernel.maskMatrix, kernel.ey = data[1:], scores[1:, None]
    kernel.kernelWeights, kernel.M, kernel.l1_reg = np.ones(len(data) - 1), 6, False
    values, _ = kernel.solve(1.0, 0)
    np.save(HERE / "more/regressions.npy", np.stack([lime, values]).astype("<f4"))


def main():
    x = torch.from_numpy(np.load(HERE.parent / "models/input.npy")).double()
    given = torch.from_numpy(np.load(HERE / "smoothgrad_noise.npy")).double()
    for name in ["tiny_basic", "tiny_bottleneck"]:
        save(f"{name}.gradient-shap", gradient_shap(load(name), x, given, given))
        save(f"{name}.expected-gradients", gradient_shap(load(name), x, given, torch.zeros_like(given)))
        each = [deeplift(load(name), x, CLASSES, baseline.expand_as(x)) for baseline in given[:3]]
        save(f"{name}.deeplift-shap", sum(each) / 3)
    # Captum's DeepLiftShap is not complete behind max-pooling, here too where windows do not overlap; shap's is.
    values = shap.DeepExplainer(zoo.load("vgg"), given[:3]).shap_values(x)
    save("vgg.deeplift-shap", np.stack([values[p, ..., target] for p, target in enumerate(CLASSES)]))
    regressions()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
