"""Writes reference images and performance information curves (see README.md): Pillow, SciPy and PAIR's `saliency`.

Run: python testdata/perturbation/generate_images.py   Versions: testdata/requirements.txt (pillow 13.0.0, scipy 1.17.1,
saliency 0.2.1, torch 2.15.0, numpy 2.4.6). The photograph is testdata/models/preprocess/image.png, the network tiny_basic.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter
from saliency.metrics import pic
from scipy.ndimage import gaussian_filter

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))
from networks import load  # noqa: E402

SIDE = 40
MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64)[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64)[:, None, None]
THRESHOLDS = [0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.10, 0.13, 0.21, 0.34, 0.5, 0.75]
WINDOWS = [(3, 35, 10, 31), (20, 21, 0, 40), (31, 40, 33, 36), (5, 6, 7, 8), (0, 40, 0, 39)]
NET = load("tiny_basic")
if not hasattr(np, "trapz"):
    np.trapz = np.trapezoid  # gone in NumPy 2.4, which PAIR still calls


def save(name, values):
    np.save(HERE / f"{name}.npy", np.ascontiguousarray(values, dtype="<f4"))


def planes(image):
    return np.asarray(image).transpose(2, 0, 1)


def normalised(image):
    return (torch.from_numpy(planes(image).copy()).double() / 255 - MEAN) / STD


def rise_blur(x):
    delta = np.zeros((11, 11))
    delta[5, 5] = 1
    kernel = torch.from_numpy(gaussian_filter(delta, 5)).expand(3, 1, 11, 11)
    return F.conv2d(x[None], kernel, padding=5, groups=3)[0]


def box_blur(x):
    side = max(x.shape[1] // 5, 9) | 1
    kernel = torch.ones(3, 1, side, side, dtype=torch.float64) / side**2
    return F.conv2d(x[None], kernel, padding=side // 2, groups=3)[0]


def in_general_position(rng):
    """The corners, and pixels that lie on no circle and no line with three others: only one triangulation is Delaunay's."""
    known = [(0, 0), (0, SIDE - 1), (SIDE - 1, 0), (SIDE - 1, SIDE - 1)]
    while len(known) < 14:
        new = tuple(int(v) for v in rng.integers(1, SIDE - 1, 2))
        rows = [(x * x + y * y, x, y, 1) for x, y in known + [new]]
        n = len(rows)
        flat = any(
            round(np.linalg.det(np.array([rows[i], rows[j], rows[k], rows[n - 1]], float))) == 0
            for i in range(n - 1) for j in range(i) for k in range(j)
        )
        if not flat:
            known.append(new)
    return known


def bokeh(photo, rng):
    sets, painted = [], []
    for _ in range(3):
        mask = np.zeros((SIDE, SIDE), bool)
        mask[tuple(np.transpose(in_general_position(rng)))] = True
        sets.append(mask)
        painted.append(pic.create_blurred_image(np.asarray(photo), mask).transpose(2, 0, 1))
    save("bokeh_known", sets)
    save("bokeh", painted)
    # A usual mask: the triangulation is not unique.
    mask = pic.generate_random_mask(SIDE, SIDE, 0.1)
    save("bokeh_usual_known", mask)
    save("bokeh_usual", pic.create_blurred_image(np.asarray(photo), mask).transpose(2, 0, 1))


@torch.no_grad()
def curves(photo, rng):
    """Two maps and two rules: per row the sizes and the answers of the blank image, the thresholds and the clean image, and the
    areas that PAIR gives them."""
    image = np.asarray(photo)
    target = int(NET(normalised(photo)[None]).argmax())
    rows = []
    smooth = gaussian_filter(rng.normal(size=(SIDE, SIDE)), 6)
    for values in [smooth, rng.normal(size=(SIDE, SIDE))]:
        np.random.seed(5)
        mask = pic.generate_random_mask(SIDE, SIDE)
        for rule in ["probability", "hit"]:
            sizes, answers = [], []
            size_of = pic.estimate_image_entropy

            def answer(images):
                x = torch.stack([normalised(image) for image in images])
                p = NET(x).softmax(1).numpy()
                found = p[:, target] if rule == "probability" else (p.argmax(1) == target).astype(float)
                answers.extend(found)
                return found

            def size(image):
                sizes.append(ORIGINAL(image))
                return sizes[-1]

            pic.estimate_image_entropy = size
            for monotone in [True, False]:
                sizes.clear(), answers.clear()
                try:
                    auc = pic.compute_pic_metric(image, values, mask, answer, THRESHOLDS, 0.0, monotone).auc
                except pic.ComputePicMetricError as error:
                    auc = np.nan
                    print(rule, error)
                    sizes += [np.nan] * (len(THRESHOLDS) + 2 - len(sizes))
                    answers += [np.nan] * (len(THRESHOLDS) + 2 - len(answers))
                # PAIR asks for the clean image first, then for the blank one.
                order = lambda v: [v[1], *v[2:], v[0]]
                rows.append([*order(sizes), *order(answers), auc])
                print(rule, monotone, auc)
            pic.estimate_image_entropy = size_of
    np.save(HERE / "information.npy", np.array(rows, dtype="<f8"))


ORIGINAL = pic.estimate_image_entropy

if __name__ == "__main__":
    torch.set_num_threads(1)
    rng, _ = np.random.default_rng(14), np.random.seed(14)
    photo = Image.open(HERE.parent / "models/preprocess/image.png").convert("RGB").resize((SIDE, SIDE), Image.BICUBIC)
    save("photo", planes(photo))
    save("pil_blur", [planes(photo.filter(ImageFilter.GaussianBlur(radius))) for radius in (10, 3, 1)])
    x = normalised(photo)
    save("weighed", torch.stack([rise_blur(x), box_blur(x)]))
    crops = [photo.crop((x0, y0, x1, y1)).resize((SIDE, SIDE), Image.BICUBIC) for y0, y1, x0, x1 in WINDOWS]
    save("crops", [planes(crop) for crop in crops])
    bokeh(photo, rng)
    curves(photo, rng)
