"""Our tools: which network, what they are asked, what they answer. NumPy is loaded where it is needed only: the peak memory of
a child would otherwise start from our own."""

import csv
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import speed

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("PLUMBLINE_DATA", ROOT.parent / "shared/data"))


def weights(args, network):
    """The file of a network's weights; those of ViT-B/16 are seeded and written by `peer.prepare`."""
    files = {"resnet50-v1": DATA / "weights/resnet50-v1.safetensors",
             "mobilenet-v2": DATA / "weights/mobilenet_v2-b0353104.pth",
             "vit-b16": args.out / "weights/vit-b16.safetensors"}
    return files[network]


def write_images(folder, count):
    """Evenly spread images, cropped to 256 x 256 so that both sides see the same pixels."""
    from PIL import Image, ImageOps

    folder.mkdir(parents=True, exist_ok=True)
    with open(DATA / "imagenet/labels.csv") as file:
        names = [row["image"] for row in csv.DictReader(file)]
    paths = []
    for i, name in enumerate(names[:: max(len(names) // count, 1)][:count]):
        paths.append(folder / f"{i:03}.png")
        with Image.open(DATA / "imagenet" / name) as image:
            ImageOps.fit(image.convert("RGB"), (256, 256), Image.Resampling.BILINEAR).save(paths[-1])
    return paths


class Tools:
    """Our tools on one network."""

    def __init__(self, args, network):
        self.args, self.network = args, network
        self.model = ["--model", network, "--weights", weights(args, network), "--preprocess", "imagenet"]

    def common(self, engine="best"):
        more = [] if engine == "best" else ["--engine", engine]
        return [*self.model, "--device", self.args.device, "--threads", self.args.threads, "-q", *more]

    def explain_command(self, method, paths, folder, engine="best"):
        return [self.args.bin / "explain", *self.common(engine), "-m", method, "-o", folder, *paths]

    def perturb_command(self, tests, table, record, engine="best"):
        chosen = [part for test in tests for part in ("-t", test)]
        return [self.args.bin / "perturb", *self.common(engine), *chosen, "--record", record, table]

    def explain(self, method, paths):
        """Seconds of computation and the table of maps."""
        record = self.args.out / "explain.json"
        printed = run([*self.explain_command(method, paths, self.args.out / "maps"), "--record", record])
        return seconds(record), printed

    def perturb(self, tests, table):
        record = self.args.out / "perturb.json"
        printed = run(self.perturb_command(tests, table, record))
        return seconds(record), printed


def run(command):
    command = [str(part) for part in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed with status {done.returncode}")
    return done.stdout


def seconds(record):
    """`seconds_compute` of a run record: from prepared images to results in host memory, no loading, decoding or sorting."""
    return json.loads(Path(record).read_text())["seconds_compute"]


def read_maps(printed):
    """The maps of a table, (n, h, w)."""
    import numpy as np

    rows = csv.DictReader(printed.splitlines())
    return np.stack([np.load(row["map"], mmap_mode="r")[int(row["map_index"])] for row in rows])


def read_curves(printed):
    """The curves of a table, image by image and test by test in the order of the rows."""
    import numpy as np

    curves = {}
    for row in csv.DictReader(printed.splitlines()):
        curves.setdefault((row["image"], row["test"]), []).append((float(row["fraction"]), float(row["probability"])))
    order = sorted(curves, key=lambda key: list(dict.fromkeys(image for image, _ in curves)).index(key[0]))
    return np.array([[probability for _, probability in sorted(curves[key])] for key in order])


def read_answers(printed):
    """All probabilities of an image in the order of the rows, (images, rows)."""
    import numpy as np

    answers = {}
    for row in csv.DictReader(printed.splitlines()):
        answers.setdefault(row["image"], []).append(float(row["probability"]))
    return np.array(list(answers.values()))


def pass_sides(args, network):
    """Processes that answer a line with a pass of the network: the example `pass` of models, PyTorch, ONNX Runtime."""
    example = args.bin / "examples/pass"
    if not example.exists():
        sys.exit(f"{example} is missing: cargo build --workspace --release --example pass")
    theirs = [sys.executable, speed.__file__, "--serve", network, "--batch", args.batch, "--threads", args.threads]
    commands = {"ours": [example, network, args.batch], "PyTorch": theirs, "ONNX Runtime": [*theirs, "--onnx"]}
    return {name: speed.Side([str(part) for part in command], args.threads) for name, command in commands.items()}


def usage(command, stdout):
    """What the kernel has counted of a child: times and peak memory."""
    child = subprocess.Popen([str(part) for part in command], stdout=stdout)
    _, status, counted = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{command[0]} failed with status {child.returncode}")
    return counted


def peak(command, output=os.devnull):
    """Peak resident memory of a child in MiB, as the kernel counts it."""
    with open(output, "w") as stdout:
        return usage(command, stdout).ru_maxrss / 1024


def processor():
    lines = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return lines[0].split(":")[1].strip() if lines else platform.processor()
