"""Writes `toolkits.json`: what Quantus, scikit-learn, scikit-image and saliencytools measure on five maps.

Run: python testdata/metrics/generate.py   Versions: testdata/requirements.txt (quantus 0.6.0, scikit-learn 1.9.1, scikit-image
0.26.0, saliencytools 0.35). Each entry is [spec of ours, map or reference and map, their number]; where a
program returns a distance or a count, ours is made of it here. The maps have 32 rows and 40 columns and are made of +, -, *, / and
whole numbers only, so that they are the same everywhere; the object is an ellipse.
"""

import json
from pathlib import Path

import numpy as np
import quantus
import saliencytools.maskcompare as tools
import torch
from quantus.functions.complexity_func import discrete_entropy
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import KernelDensity

H, W = 32, 40
i, j = np.mgrid[0:H, 0:W]
n = (W * i + j).astype(np.int64)
NOISE = ((7919 * n + 13) % 1009) / 1009
MAPS = {
    "noise": NOISE,
    "signed": NOISE - 0.4,
    "smooth": 1 / (1 + ((i - 12.0) ** 2 + (j - 22.0) ** 2) / 50) + 0.02 * NOISE,
    "ties": ((n * n) % 31 // 4) / 8,
    "sparse": np.maximum(NOISE - 0.9, 0),
}
POSITIVE = ["noise", "smooth", "ties", "sparse"]
OBJECT = ((i - 14.0) ** 2 / 64 + (j - 20.0) ** 2 / 100 <= 1).astype(float)
K = 50


MODEL = torch.nn.Identity()  # Quantus asks for one and shows it nothing.


def of_quantus(metric, a, **more):
    x = np.zeros((1, 1, H, W))
    return float(metric(model=MODEL, x_batch=x, y_batch=np.array([0]), a_batch=a[None, None], device="cpu", **more)[0])


def alone():
    common = dict(disable_warnings=True, display_progressbar=False)
    for name, a in MAPS.items():
        yield "gini", name, of_quantus(quantus.Sparseness(**common), a)
        yield "entropy", name, of_quantus(quantus.Complexity(**common), a)
        yield "relevant-pixels", name, of_quantus(quantus.EffectiveComplexity(**common), a) / a.size
        yield "discrete-entropy", name, float(discrete_entropy(a[None], a[None]))
        unit = (a - a.min()) / (a.max() - a.min())
        yield "peak-to-mean", name, float(unit.max() / unit.mean())
        yield "mean-saliency", name, float(unit.mean())
        for q in (0.25, 0.9):
            yield f"quantile:q={q}", name, float(np.quantile(unit, q))
        steps = [np.abs(np.diff(unit, axis=axis)).ravel() for axis in (0, 1)]
        yield "total-variation", name, float(np.concatenate(steps).mean())


def placed():
    common = dict(disable_warnings=True, display_progressbar=False)
    s = dict(s_batch=OBJECT[None, None])
    truth = OBJECT.ravel()
    for name, a in MAPS.items():
        if name != "ties":
            # Quantus takes any of several highest values.
            yield "pointing-game", name, of_quantus(quantus.PointingGame(**common), a, **s)
        yield "attribution-localisation", name, of_quantus(quantus.AttributionLocalisation(**common), a, **s)
        if name in POSITIVE:
            yield "relevance-mass", name, of_quantus(quantus.RelevanceMassAccuracy(**common), a, **s)
        if name in ("noise", "signed", "smooth"):
            # Quantus takes the first pixels of its sort, whatever is equal to them.
            yield "relevance-rank", name, of_quantus(quantus.RelevanceRankAccuracy(abs=False, **common), a, **s)
            yield f"top-k:k={K}", name, of_quantus(quantus.TopKIntersection(k=K, abs=False, **common), a, **s)
        yield "roc-auc", name, float(roc_auc_score(truth, a.ravel()))
        yield "average-precision", name, float(average_precision_score(truth, a.ravel()))
        cuts = [("mean", a >= a.mean()), ("0.5", a >= 0.5 * a.max())]
        if name in ("ties", "sparse"):
            # Of the others several bins are the best to 1e-4, and rounding decides. scikit-image's threshold is the middle of the
            # last bin of the lower class, ours the end of that bin.
            cuts.append(("otsu", a > threshold_otsu(a) + (a.max() - a.min()) / 512))
        for spec, chosen in cuts:
            both = (chosen & (OBJECT > 0)).sum()
            yield f"mask-iou:threshold={spec}", name, float(both / (chosen | (OBJECT > 0)).sum())
            yield f"dice:threshold={spec}", name, float(2 * both / (chosen.sum() + OBJECT.sum()))
        for t in (0.15, 0.5, 0.8):
            yield f"box-iou:threshold={t}", name, box_iou(a, t)


def box_iou(a, t):
    parts = regionprops(label(a >= t * a.max(), connectivity=2))
    largest = max(part.area for part in parts)
    r0, c0, r1, c1 = min((p for p in parts if p.area == largest), key=lambda p: p.coords[0].tolist()).bbox
    (truth,) = regionprops(OBJECT.astype(int))
    s0, d0, s1, d1 = truth.bbox
    both = max(0, min(r1, s1) - max(r0, s0)) * max(0, min(c1, d1) - max(c0, d0))
    return float(both / ((r1 - r0) * (c1 - c0) + (s1 - s0) * (d1 - d0) - both))


def pairs():
    for first, second in (("noise", "smooth"), ("signed", "smooth"), ("smooth", "ties"), ("ties", "sparse")):
        a, b = MAPS[first], MAPS[second]
        both = f"{first} {second}"
        spread = max(a.max(), b.max()) - min(a.min(), b.min())
        gaussian = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
        yield "ssim", both, float(structural_similarity(a, b, data_range=spread))
        yield "ssim:window=gaussian", both, float(structural_similarity(a, b, data_range=spread, **gaussian))
        yield "psnr", both, float(peak_signal_noise_ratio(a, b, data_range=spread))
        yield "cosine", both, float(1 - tools.cosine_distance(a, b))
        yield "euclidean", both, float(tools.euclidean_distance(a, b))
        yield "mae", both, float(tools.mean_absolute_error(a, b))
        yield "mse", both, float(tools.mean_squared_error(a, b))
        yield "sign-disagreement", both, float(tools.sign_agreement_ratio(a, b))
        yield "jeffreys", both, float(tools.kl_divergence(a, b))
        if first in POSITIVE:
            yield "jaccard", both, float(tools.jaccard_index(a, b))
            yield "czekanowski", both, float(tools.czenakowski_distance(a, b))
        if second in ("smooth",):  # No two values of it are equal: those of others are wins there.
            yield "auc-judd", f"{first} {second}", float(tools.auc_judd(b, a))


def density():
    """Coherency Figure 3: Gaussian kernels of 0.05 at 100 places, of every value of two maps moved to 0..1."""
    unit = [(a - a.min()) / (a.max() - a.min()) for a in (MAPS["smooth"], MAPS["sparse"])]
    kernels = KernelDensity(bandwidth=0.05).fit(np.concatenate([u.ravel() for u in unit])[:, None])
    return np.exp(kernels.score_samples(np.linspace(0, 1, 100)[:, None])).round(9).tolist()


def main():
    found = {part.__name__: [list(entry) for entry in part()] for part in (alone, placed, pairs)}
    lines = [f'"{part}": [\n' + ",\n".join(json.dumps(entry) for entry in found[part]) + "\n]" for part in found]
    lines.append(f'"density": {json.dumps(density())}')
    Path(__file__).with_name("toolkits.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
