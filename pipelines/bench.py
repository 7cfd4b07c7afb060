"""Times explain and perturb against Captum, pytorch-grad-cam and batched PyTorch loops: ResNet-50 v1, the same pictures and
weights, the same number of threads, in turns (ours, peer, ours, peer ...), medians.

    bench.py              prints a Markdown table and writes it to --out/bench.md
    bench.py --memory     peak resident memory of explain and perturb on 30 and on 300 pictures

Both sides are timed from prepared pictures to results in host memory: no process start, no loading of
weights, no decoding, no sorting of maps.
Ours is `seconds_compute` of the run record; the peers run in one process of their own that stays up and is warmed before.
The loops are what a careful user would write: a batch at a time, no gradients that nobody needs, channels-last memory.
Weights and pictures are read from $PLUMBLINE_DATA. Versions: testdata/requirements.txt.
"""

import argparse
import csv
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

# PyTorch is imported in the peer's process only: with --memory, a child's peak would otherwise start from our own.
ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("PLUMBLINE_DATA", ROOT.parent / "shared/data"))
MODEL = ["--model", "resnet50-v1", "--weights", DATA / "weights/resnet50-v1.safetensors"]
POINTS = 101  # of a curve: steps=100
EXPLAIN = {"gradcam": ["pytorch-grad-cam", "PyTorch loop"], "integrated-gradients": ["Captum", "PyTorch loop"]}
TESTS = {"deletion": "black", "insertion": "blur"}
CURVES = " + ".join(TESTS)


def ours(tool, arguments, record):
    """Runs one of our tools; what it printed and the seconds of its record."""
    command = [str(part) for part in (tool, *arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command[:1])} failed with status {done.returncode}")
    return done.stdout, json.loads(Path(record).read_text())["seconds_compute"]


class Peer:
    """The peers' computations; lives in its own process."""

    def __init__(self, paths, threads):
        import parity
        import torch

        torch.set_num_threads(threads)
        self.torch, self.parity = torch, parity
        self.net = parity.resnet50_v1()
        self.fast = parity.resnet50_v1().to(memory_format=torch.channels_last)
        self.x = torch.stack([parity.picture(path) for path in paths])
        with torch.no_grad():
            self.targets = torch.cat([self.fast(batch).argmax(1) for batch in self.x.split(8)])
        self.batches = list(zip(self.x.split(8), self.targets.split(8)))

    def prepare_curves(self, maps):
        """The rank of each pixel: perturb, too, sorts its maps beside the computation that it times."""
        import numpy as np

        order = np.argsort(-maps.reshape(len(maps), -1), axis=1, kind="stable")
        self.ranks = self.torch.from_numpy(np.argsort(order, axis=1).reshape(maps.shape))

    def gradcam_pytorch_grad_cam(self, _):
        from pytorch_grad_cam import GradCAM
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        maps = []
        with GradCAM(self.net, [self.net.layer4]) as cam:
            for x, targets in self.batches:
                maps += [*cam(x.clone().requires_grad_(), [ClassifierOutputTarget(int(target)) for target in targets])]
        return maps

    def gradcam_pytorch_loop(self, _):
        torch, net, maps = self.torch, self.fast, []
        for x, targets in self.batches:
            with torch.no_grad():
                x = net.maxpool(net.relu(net.bn1(net.conv1(x.contiguous(memory_format=torch.channels_last)))))
                values = net.layer4(net.layer3(net.layer2(net.layer1(x))))
            values.requires_grad_()
            scores = net.fc(net.avgpool(values).flatten(1)).gather(1, targets[:, None])
            (gradient,) = torch.autograd.grad(scores.sum(), values)
            small = (gradient.mean((2, 3), keepdim=True) * values.detach()).sum(1, keepdim=True).relu()
            maps += [*torch.nn.functional.interpolate(small, (224, 224), mode="bilinear")[:, 0].numpy()]
        return maps

    def integrated_gradients_captum(self, _):
        from captum.attr import IntegratedGradients

        method, maps = IntegratedGradients(self.net), []
        for x, target in zip(self.x, self.targets):
            attribution = method.attribute(x[None], 0.0, int(target), n_steps=50, internal_batch_size=10)
            maps.append(attribution[0].sum(0).detach().numpy())
        return maps

    def integrated_gradients_pytorch_loop(self, _):
        import numpy as np

        torch, maps = self.torch, []
        rule = np.polynomial.legendre.leggauss(50)
        nodes, weights = (torch.tensor(part, dtype=torch.float32)[:, None, None, None] for part in rule)
        for x, target in zip(self.x, self.targets):
            total = torch.zeros_like(x)
            for a, w in zip(((1 + nodes) / 2).split(10), (weights / 2).split(10)):
                points = (a * x).contiguous(memory_format=torch.channels_last).requires_grad_()
                (gradient,) = torch.autograd.grad(self.fast(points)[:, target].sum(), points)
                total += (w * gradient).sum(0)
            maps.append((total * x).sum(0).numpy())
        return maps

    def curves_pytorch_loop(self, _):
        torch, parity, curves = self.torch, self.parity, []
        black = -(torch.tensor(parity.MEAN) / torch.tensor(parity.STD))[:, None, None]
        with torch.inference_mode():
            for x, rank, target in zip(self.x, self.ranks, self.targets):
                counts = torch.tensor([round(j * rank.numel() / (POINTS - 1)) for j in range(POINTS)])
                fills = {"black": black.expand_as(x), "blur": parity.GaussianBlur(11, 5.0)(x)}
                for test, fill in TESTS.items():
                    start, end = (x, fills[fill]) if test == "deletion" else (fills[fill], x)
                    for count in counts.split(16):
                        replaced = rank < count[:, None, None, None]
                        inputs = torch.where(replaced, end, start).contiguous(memory_format=torch.channels_last)
                        curves.append(self.fast(inputs).softmax(1)[:, target].numpy())
        return curves


def serve(connection, paths, threads):
    """Answers the name of a computation with its seconds; the first call of each is a warm-up."""
    sys.path.insert(0, str(Path(__file__).parent))
    peer = Peer(paths, threads)
    connection.send("ready")
    for name, argument in iter(connection.recv, None):
        start = time.perf_counter()
        getattr(peer, name)(argument)
        connection.send(time.perf_counter() - start)


def write_pictures(folder, count):
    """Evenly spread pictures, cropped to 256 x 256 so that both sides see the same pixels."""
    from PIL import Image, ImageOps

    folder.mkdir(parents=True, exist_ok=True)
    with open(DATA / "imagenet/labels.csv") as file:
        names = [row["image"] for row in csv.DictReader(file)]
    names = names[:: max(len(names) // count, 1)][:count]
    paths = []
    for i, name in enumerate(names):
        paths.append(folder / f"{i:03}.png")
        with Image.open(DATA / "imagenet" / name) as image:
            ImageOps.fit(image.convert("RGB"), (256, 256), Image.Resampling.BILINEAR).save(paths[-1])
    return paths


def processor():
    lines = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return lines[0].split(":")[1].strip() if lines else platform.processor()


def explain_command(args, method, paths, folder):
    return [*MODEL, "--device", args.device, "--threads", args.threads, "-q", "-m", method, "-o", folder, *paths]


def perturb_command(args, tests, table, record):
    chosen = [part for test in tests for part in ("-t", test)]
    return [*MODEL, "--device", args.device, "--threads", args.threads, "-q", *chosen, "--record", record, table]


def bench(args):
    import numpy as np

    paths = write_pictures(args.out / "pictures", args.pictures)
    here, there = multiprocessing.get_context("spawn").Pipe()
    peer = multiprocessing.get_context("spawn").Process(target=serve, args=(there, paths, args.threads), daemon=True)
    peer.start()
    there.close()  # so that a peer that died is an error here
    here.recv()

    def theirs(name, argument=None):
        here.send((name, argument))
        return here.recv()

    def rounds(label, own, peers):
        times = {name: [] for name in [None, *peers]}
        for name, call in peers.items():
            call()  # warm-up
        for _ in range(args.runs):
            for name, call in peers.items():
                times[None].append(own())
                times[name].append(call())
        own_median = statistics.median(times.pop(None)) / len(paths)
        for name, seconds in times.items():
            their_median = statistics.median(seconds) / len(paths)
            cells = [label, name, f"{own_median:.3f}", f"{their_median:.3f}", f"{own_median / their_median:.2f}"]
            lines.append("| " + " | ".join(cells) + " |")
            print(lines[-1], file=sys.stderr, flush=True)

    def explain(method):
        folder = args.out / "maps"
        return ours(args.bin / "explain", explain_command(args, method, paths, folder), folder / "explain.json")

    lines = []
    for method, names in EXPLAIN.items():
        calls = {name: f"{method}_{name}".lower().replace("-", "_").replace(" ", "_") for name in names}
        peers = {name: lambda call=call: theirs(call) for name, call in calls.items()}
        rounds(method, lambda method=method: explain(method)[1], peers)

    table = args.out / "gradcam.csv"
    printed, _ = explain("gradcam")
    table.write_text(printed)
    rows = list(csv.DictReader(printed.splitlines()))
    theirs("prepare_curves", np.stack([np.load(row["map"], mmap_mode="r")[int(row["map_index"])] for row in rows]))
    tests = [f"{test}:fill={fill},steps={POINTS - 1}" for test, fill in TESTS.items()]
    record = args.out / "perturb.json"

    def perturb():
        return ours(args.bin / "perturb", perturb_command(args, tests, table, record), record)[1]

    rounds(f"{CURVES}, {POINTS} points", perturb, {"PyTorch loop": lambda: theirs("curves_pytorch_loop")})
    here.send(None)

    versions = ", ".join(f"{name} {version(name)}" for name in ["torch", "captum", "grad-cam"])
    text = [
        "| task | peer | ours, s/picture | peer, s/picture | ours / peer |", "|---|---|---:|---:|---:|", *lines, "",
        f"ResNet-50 v1, {len(paths)} pictures, {args.threads} threads, device {args.device}, "
        f"medians of {args.runs} runs in turns; "
        f"{processor()}, {os.cpu_count()} cores, {platform.system()}; {versions}.",
    ]
    (args.out / "bench.md").write_text("\n".join(text) + "\n")
    print("\n".join(text))


def peak(tool, arguments, output):
    """Peak resident memory of a child in MiB, as the kernel counts it."""
    with open(output, "w") as stdout:
        child = subprocess.Popen([str(part) for part in (tool, *arguments)], stdout=stdout)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{tool} failed with status {child.returncode}")
    return usage.ru_maxrss / 1024


def memory(args):
    print("| pictures | explain gradcam, MiB | perturb deletion, 5 points, MiB |\n|---:|---:|---:|")
    for count in [30, 300]:
        paths = write_pictures(args.out / f"pictures-{count}", count)
        table = args.out / f"memory-{count}.csv"
        command = explain_command(args, "gradcam", paths, args.out / f"maps-{count}")
        explained = peak(args.bin / "explain", command, table)
        command = perturb_command(args, ["deletion:steps=4"], table, args.out / "memory.json")
        perturbed = peak(args.bin / "perturb", command, os.devnull)
        print(f"| {count} | {explained:.0f} | {perturbed:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--out", type=Path, default=ROOT / "out/bench", help="work folder")
    parser.add_argument("--bin", type=Path, default=ROOT / "target/release", help="folder of our tools")
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="of our tools")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    memory(args) if args.memory else bench(args)


if __name__ == "__main__":
    main()
