"""Deletion and insertion of ResNet-50 v1 along the maps that we wrote, against the definitions in plain PyTorch."""

from pathlib import Path

import numpy as np
import torch
from torchvision.transforms import GaussianBlur

from parity.common import MEAN, RESNET50, STD, explain, image, read_map, resnet50_v1, run, write_images

# One fill for each test: the answer is told apart by the test's name, whichever fill is the default.
TESTS = {"deletion": "black", "insertion": "blur"}
CURVE = 1e-4


@torch.no_grad()
def curve(net, x, values, target, test, points):
    """Probabilities after the first round(j N / steps) pixels in falling order of the map were replaced."""
    fill = {"black": -torch.tensor(MEAN) / torch.tensor(STD), "mean": torch.zeros(3)}.get(TESTS[test])
    filled = GaussianBlur(11, 5.0)(x) if fill is None else fill[:, None, None].expand_as(x)
    start, end = (x, filled) if test == "deletion" else (filled, x)
    order, size = np.argsort(-values.ravel(), kind="stable"), values.size
    current, images, done = start.reshape(3, -1).clone(), [], 0
    for j in range(points):
        count = round(j * size / (points - 1))
        current[:, order[done:count]] = end.reshape(3, -1)[:, order[done:count]]
        images.append(current.reshape(x.shape).clone())
        done = count
    batches = [torch.stack(images[i : i + 16]) for i in range(0, points, 16)]
    return torch.cat([net(batch).softmax(1)[:, target] for batch in batches]).numpy()


def curves(args):
    paths = write_images(args.out / "images", args.images)
    rows, table = explain(args, RESNET50, ["gradcam"], paths, args.out / "curve-maps")
    tests = [part for test, fill in TESTS.items() for part in ("-t", f"{test}:fill={fill}")]
    answers, _ = run(args.bin / "perturb", [*RESNET50, "--device", args.device, *tests], stdin=table)
    net, good = resnet50_v1(), True
    print("| test | image | class | points | largest difference | |\n|---|---|---:|---:|---:|---|")
    for row in rows:
        x, values, target = image(row["image"]), read_map(row), int(row["target"])
        for test in TESTS:
            ours = [a for a in answers if a["image"] == row["image"] and a["test"].split(":")[0] == test]
            ours.sort(key=lambda a: float(a["fraction"]))
            theirs = curve(net, x, values, target, test, len(ours))
            apart = np.abs(np.array([float(a["probability"]) for a in ours]) - theirs).max()
            steps = np.abs(np.array([float(a["fraction"]) for a in ours]) - np.linspace(0, 1, len(ours))).max()
            fine = apart < CURVE and steps < 1 / values.size
            good &= bool(fine)
            name = f"{test}:fill={TESTS[test]}"
            cells = [name, Path(row["image"]).stem, target, len(ours), f"{apart:.1e}", "ok" if fine else "TOO FAR"]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return good
