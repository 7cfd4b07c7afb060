"""Writes the responses of a small network to draws, and the metrics that Quantus and Captum make of the same draws.

Run: python testdata/draws/generate.py   Versions: testdata/requirements.txt (torch 2.15.0, quantus 0.6.0, captum 0.9.0,
numpy 2.4.6). Only the random generators of the libraries are replaced, so that their draws are the ones in the table.
"""

import csv
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
import quantus
import torch
from captum.metrics import infidelity

warnings.filterwarnings("ignore")
HERE = Path(__file__).parent
TARGET, N = 1, 64
RNG = np.random.default_rng(14)

torch.manual_seed(14)
NET = torch.nn.Sequential(
    torch.nn.Conv2d(1, 6, 3, padding=1),
    torch.nn.ReLU(),
    torch.nn.Conv2d(6, 4, 3, stride=2, padding=1),
    torch.nn.ReLU(),
    torch.nn.Flatten(),
    torch.nn.Linear(64, 4),
).eval()
IMAGE = RNG.random((1, 1, 8, 8)).astype("f4")
IMAGE[0, 0, 0, :3] = 0  # the least value is 0: Quantus' "black" is the zero fill
MAPS = {
    "signed": RNG.normal(size=(1, 1, 8, 8)).astype("f4"),
    "positive": np.abs(RNG.normal(size=(1, 1, 8, 8))).astype("f4"),
    "gradient": None,
}


def gradient():
    x = torch.from_numpy(IMAGE).requires_grad_()
    NET(x)[0, TARGET].backward()
    return x.grad.numpy()


# Quantus leaves the order of equal values open, so that there are none.
MAPS["positive"][0, 0, 4, 4] = 0
MAPS["gradient"] = gradient() + (1e-3 * RNG.random((1, 1, 8, 8))).astype("f4")
assert all(len(np.unique(values)) == N for values in MAPS.values())


@torch.no_grad()
def answer(image):
    logits = NET(torch.from_numpy(image.astype("f4")))[0]
    return logits.softmax(0)[TARGET].item(), logits.argmax().item(), logits[TARGET].item()


def replaced(pixels, fill=0.0):
    image = IMAGE.copy().reshape(-1)
    image[pixels] = fill
    return image.reshape(IMAGE.shape)


ROWS, SCORES = [], []


def table(method, test, draws):
    """Rows of (fraction, image, mass); the clean image begins each run."""
    for point, (fraction, image, mass) in enumerate(draws):
        probability, predicted, logit = answer(image)
        ROWS.append(["a.png", TARGET, "tiny", method, test, fraction, probability, predicted, point, len(draws), logit, mass])


def score(method, metric, value):
    SCORES.append([method, metric, float(np.squeeze(value))])


CLEAN = (0.0, IMAGE, 0.0)


def call(metric, values, **options):
    return metric(model=NET, x_batch=IMAGE, y_batch=np.array([TARGET]), a_batch=values, device="cpu", **options)


QUIET = {"disable_warnings": True, "display_progressbar": False, "normalise": False}


def subsets(method, values):
    sets = [RNG.choice(N, 13, replace=False) for _ in range(24)]
    table(method, "subset:draws=24", [CLEAN] + [(13 / N, replaced(s), values.ravel()[s].sum()) for s in sets])
    metric = quantus.FaithfulnessCorrelation(nr_runs=24, subset_size=13, perturb_baseline="black", abs=False, **QUIET)
    for name, softmax in (("", False), (",score=probability", True)):
        draws = iter(sets)
        with mock.patch("numpy.random.choice", lambda *_, **__: next(draws)):
            value = call(metric, values, softmax=softmax)
        score(method, f"faithfulness-correlation:draws=24{name}", value)
    spearman = quantus.FaithfulnessCorrelation(
        nr_runs=24, subset_size=13, perturb_baseline="black", abs=False,
        similarity_func=quantus.similarity_func.correlation_spearman, **QUIET,
    )
    draws = iter(sets)
    with mock.patch("numpy.random.choice", lambda *_, **__: next(draws)):
        score(method, "mu-fidelity:draws=24", call(spearman, values, softmax=False))


def single(method, values):
    order = np.argsort(-values.ravel(), kind="stable")
    for size in (1, 4):
        groups = order.reshape(-1, size)
        test = f"single:blocks=0,steps={N // size}"
        table(method, test, [CLEAN] + [(size / N, replaced(g), values.ravel()[g].sum()) for g in groups])
        metric = quantus.FaithfulnessEstimate(features_in_step=size, perturb_baseline="black", abs=False, **QUIET)
        parameters = test.split(":")[1]
        score(method, f"faithfulness-estimate:{parameters}", call(metric, values, softmax=False))
        if size == 1:
            # One tolerance there, of the map and of the probability; ours are shares of the largest value and of the clean one.
            clean = answer(IMAGE)[0]
            scaled = (values / np.abs(values).max() * clean).astype("f4")
            metric = quantus.NonSensitivity(eps=1e-5 * clean, perturb_baseline="black", abs=True, **QUIET)
            score(method, f"non-sensitivity:{parameters}", np.array(call(metric, scaled, softmax=True)) / N)


def uniform(method, values):
    """Eight groups, five runs; Quantus takes the runs group by group, the table has them run by run."""
    magnitude = np.abs(values)
    groups = np.argsort(magnitude.ravel()).reshape(8, 8)
    fills = RNG.random((8, 5)).astype("f4")
    runs = []
    for run in range(5):
        runs += [CLEAN] + [(1 / 8, replaced(g, fills[k, run]), magnitude.ravel()[g].sum()) for k, g in enumerate(groups)]
    table(method, "single:fill=uniform,blocks=0,steps=8,order=lerf", runs)
    queue = iter(fills.ravel())

    def perturb(arr, indices, **_):
        arr = arr.copy()
        arr[0, indices[0]] = next(queue)
        return arr

    metric = quantus.MonotonicityCorrelation(nr_samples=5, features_in_step=8, perturb_func=perturb, abs=True, **QUIET)
    value = call(metric, values, softmax=True)
    score(method, "monotonicity-correlation:fill=uniform,blocks=0,steps=8,order=lerf", value)


def noise(method, values):
    noises = [RNG.normal(scale=0.1, size=IMAGE.shape).astype("f4") for _ in range(12)]
    table(method, "noise:draws=12", [CLEAN] + [(1.0, IMAGE - i, float((values * i).sum())) for i in noises])
    for softmax in (False, True):
        model = torch.nn.Sequential(NET, torch.nn.Softmax(1)) if softmax else NET
        for normalize in (False, True):
            draws = iter(noises)

            def perturb(x):
                i = torch.from_numpy(next(draws))
                return i, x - i

            with torch.no_grad():
                value = infidelity(
                    model, perturb, torch.from_numpy(IMAGE), torch.from_numpy(values), target=TARGET,
                    n_perturb_samples=12, max_examples_per_batch=1, normalize=normalize,
                )
            own = ",scaled=true" * normalize + ",score=probability" * softmax
            score(method, f"infidelity:draws=12{own}", value)


for method, values in MAPS.items():
    subsets(method, values)
    single(method, values)
    uniform(method, values)
    noise(method, values)

with open(HERE / "responses.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow("image,target,model,method,test,fraction,probability,predicted,point,points,logit,mass".split(","))
    out.writerows([[f"{v:.9g}" if isinstance(v, (float, np.floating)) else v for v in row] for row in ROWS])
with open(HERE / "scores.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["method", "metric", "value"])
    out.writerows([[m, s, f"{v:.9g}"] for m, s, v in SCORES])
