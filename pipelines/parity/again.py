"""Measures that explain an image twice, of MobileNetV2 on real images, against Captum's and Quantus' own: theirs are handed the images that
`perturb --keep` has kept in place of their random ones. Numbers to 1e-3 relative, since maps are those of two implementations."""

from pathlib import Path

import numpy as np
import quantus
import torch
from captum.metrics import sensitivity_max
from pytorch_grad_cam.metrics.arcc import ARCC
from scipy.stats import pearsonr

from parity.common import DATA, REAL, explain, image, read_map, run, write_images
from parity.metrics import MODEL, compare, imputed
from parity.protocols import Item

RELATIVE = 1e-3
TESTS = ["noise:distribution=uniform,draws=10", "shift", "mask:fill=zero"]
METRICS = ["max-sensitivity:class=any", "mean-sensitivity:class=any", "local-lipschitz:scale=none,class=any",
           "continuity:scale=none,class=any", "relative-input-stability:class=any", "relative-output-stability:class=any",
           "relative-representation-stability:class=any", "self-coherence", "adcc", "arcc"]
# Of ARCC, without its noise, whose percentages are exact shares here.
PERCENT = [20, 40, 60, 80]
ROAD = [f"road:noise=0,{order}percent=" + "+".join(map(str, PERCENT)) for order in ("", "order=lerf,")]


def road_combined(item):
    """Half the difference of the mean probabilities with the least and the most relevant pixels imputed."""
    means = []
    for sign in (1, -1):
        holes = (item.first(percent, sign) for percent in PERCENT)
        means.append(np.mean(item.shown(imputed(item.planes, missing) for missing in holes)[0]))
    return (means[0] - means[1]) / 2


def arcc_of(net, x, masked, target, road):
    """pytorch-grad-cam's, with our images and the gradient as its map."""
    unit = lambda maps: ((maps - maps.min()) / (maps.max() - maps.min())).numpy()
    base = lambda input_tensor, targets: unit(gradient(net, masked, target))
    metric = ARCC(base)
    metric.road = lambda *_: np.array([road])
    return float(metric(x, unit(gradient(net, x, target)), None, net)[0])


@torch.enable_grad()
def gradient(net, x, target):
    """The signed sum over channels of the logit's gradient, (n, H, W)."""
    x = x.detach().clone().contiguous().requires_grad_()
    net(x)[:, target].sum().backward()
    return x.grad.sum(1)


class Given:
    """The kept images, one after another, whatever is asked for."""

    def __init__(self, images):
        self.images, self.next = images, 0

    def captum(self, inputs):
        return self.images[: len(inputs)]

    def quantus(self, arr, **_):
        self.next += 1
        return self.images[self.next - 1][None].numpy()


def quantus_mean(metric, net, x, target, given, **more):
    """A robustness metric of Quantus with the kept images as its noise."""
    explained = lambda model, inputs, targets, **_: gradient(net, torch.tensor(inputs), target)[:, None].numpy()
    measure = metric(nr_samples=len(given), perturb_func=Given(given).quantus, normalise=False, abs=False, disable_warnings=True,
                     return_nan_when_prediction_changes=False, **more)
    return measure(net, x.numpy(), np.array([target]), explain_func=explained, device="cpu")[0]


def expected(net, x, kept, maps, target, road):
    """By test: the libraries' numbers where they have them, else those of the definitions."""
    noisy, moved, masked = (torch.tensor(kept[test]) for test in TESTS)
    clean, norm = gradient(net, x, target)[0], torch.linalg.vector_norm
    changes = torch.stack([norm(gradient(net, one[None], target)[0] - clean) for one in noisy])
    away = torch.stack([norm(one - x[0]) for one in noisy])
    # A tuple: Captum takes a tensor of one map apart, spreads it over all draws, and gives sqrt(draws) times the number.
    explanation = lambda inputs: (gradient(net, inputs[0] if isinstance(inputs, tuple) else inputs, target)[:, None],)
    captum = sensitivity_max(explanation, x, perturb_func=Given(noisy).captum, n_perturb_samples=len(noisy))
    shifted = [float((gradient(net, one[None], target)[0] - clean).abs().sum() / norm(one - x[0])) for one in moved]
    # Of our own maps: where one is next to 0, what rounding leaves there is large in relation.
    own, *changed = (torch.tensor(one) for one in maps)
    relative = [((own - one) / own)[own.abs() > 1e-6 * own.abs().max()] for one in changed]
    inside = [norm(((one - x[0]) / x[0])[x[0] != 0]) for one in noisy]
    outside = [norm((net(one[None]) - net(x)).detach()) for one in noisy]
    features = lambda one: net.features(one).mean((2, 3))[0].detach()
    deep, counted = features(x), features(x).abs() > 1e-6 * features(x).abs().max()
    within = [norm(((features(one[None]) - deep) / deep)[counted]) for one in noisy]
    probability = lambda one: float(torch.softmax(net(one).detach(), 1)[0, target])
    coherence = (pearsonr(clean.ravel(), gradient(net, masked, target)[0].ravel())[0] + 1) / 2
    unit = (clean - clean.min()) / (clean.max() - clean.min())
    drop = max(0, (probability(x) - probability(masked)) / probability(x))
    return {
        "max-sensitivity": float(captum),
        "mean-sensitivity": quantus_mean(quantus.AvgSensitivity, net, x, target, noisy),
        "local-lipschitz": float((changes / away).max()),
        "continuity": max(shifted),
        "relative-input-stability": max(float(norm(e) / d) for e, d in zip(relative, inside)),
        "relative-output-stability": max(float(norm(e) / d) for e, d in zip(relative, outside)),
        "relative-representation-stability": max(float(norm(e) / d) for e, d in zip(relative, within)),
        "self-coherence": coherence,
        "arcc": arcc_of(net, x, masked, target, road),
        "adcc": 3 / (1 / coherence + 1 / (1 - float(unit.mean())) + 1 / (1 - drop)),
    }, quantus_mean(quantus.MaxSensitivity, net, x, target, noisy)


def again(args):
    paths = write_images(args.out / f"images-{args.images}", args.images)
    _, table = explain(args, MODEL, ["gradient"], paths, args.out / "again-maps")
    asked = [part for test in [*TESTS, *ROAD] for part in ("-t", test)]
    asked += [part for test in TESTS for part in ("--keep-test", test.split(":")[0])]
    rows, answers = run(args.bin / "perturb", [*MODEL, "--device", args.device, *asked, "--keep", args.out / "kept"], stdin=table)
    new, painted = run(args.bin / "explain", [*MODEL, "--device", args.device, "--again", "-o", args.out / "again"], stdin=answers)
    scores, _ = run(args.bin / "score", [part for name in METRICS for part in ("-m", name)], stdin=painted)
    net, good, worst = REAL["mobilenet-v2"][0](DATA).eval(), True, {}
    for path in sorted({row["image"] for row in rows}):
        own = [row for row in rows if row["image"] == path]
        at = lambda row: np.load(row["kept"])[int(row["kept_index"])]
        kept = {test: np.stack([at(row) for row in own if row["test"] == test and row["kept"]]) for test in TESTS}
        maps = [read_map(row).astype(float) for row in new if row["image"] == path and row["test"] == TESTS[0]]
        target = int(own[0]["target"])
        road = road_combined(Item(net, image, path, maps[0], target))
        theirs, quantus_max = expected(net, image(path)[None], kept, maps, target, road)
        good &= compare(f"{path}, Quantus against Captum", quantus_max, theirs["max-sensitivity"], RELATIVE * theirs["max-sensitivity"])
        for score in (score for score in scores if score["image"] == path):
            name = score["metric"].split(":")[0]
            far = abs(float(score["value"]) - theirs[name]) / max(abs(theirs[name]), 1e-3)
            worst[name] = max(worst.get(name, 0), far)
            good &= compare(f"{Path(path).stem}, {name}", float(score["value"]), theirs[name], RELATIVE * max(abs(theirs[name]), 1e-3))
    for name, far in worst.items():
        print(f"{name}: at most {far:.1e} apart, relative, {len(paths)} images")
    return good and set(worst) == {name.split(":")[0] for name in METRICS}
