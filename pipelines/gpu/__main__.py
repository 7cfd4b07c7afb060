"""What docs/gpu.md lists, in one run of at most eight minutes on a machine with a GPU; a Markdown report.

    make gpu                                    builds the tools with CUDA and runs this
    python3 pipelines/gpu --bin BIN             the tools are built
    python3 pipelines/gpu --bin BIN --model resnet50-v1=resnet50-v1.safetensors --model convnext-tiny=convnext.pth
    python3 pipelines/gpu --devices cpu,cpu --parts maps,curves --methods gradcam    a test of this script

Needs Python 3.10, nvidia-smi, and for the last part an interpreter with torch and torchvision (--python). ResNet-50 and
ViT-B/16 have made-up weights unless they are named; images are embedded. Parts, in this order:

    start        the first run, which compiles and tunes kernels, and the next ones
    maps         every method on the embedded network, some on big networks, every one on the ONNX files of testdata: both devices
    curves       perturb on both devices
    throughput   RISE, Grad-CAM and integrated gradients at several batch sizes, with the GPU's memory
    torch        PyTorch's forward passes and RISE on the same device, where PyTorch is there

Each part has its share of --budget, and what the parts before it have left over. What does not fit is skipped, and the report
says so.
"""

import argparse
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[0] = str(ROOT / "pipelines")

from gpu import correct, networks, speed  # noqa: E402
from gpu.tools import Failed, OutOfTime, Tools, nvidia_smi  # noqa: E402

# Seconds of each part in the default budget.
PARTS = {"start": 50, "maps": 210, "curves": 50, "throughput": 110, "torch": 60}
BUDGET = sum(PARTS.values())


class Report:
    """A Markdown file that is on disk after every part."""

    def __init__(self, path, head):
        self.path, self.failures = path, 0
        self.text = [f"# GPU run\n\n{head}\n"]
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, title, lines):
        self.text.append("\n".join([f"## {title}\n", *lines]) + "\n")
        self.path.write_text("\n".join(self.text))
        print(self.text[-1], flush=True)


def torch_part(args, tools, report):
    device, printed = args.devices[1], args.out / "torch.md"
    command = [args.python, Path(__file__).with_name("torch_peer.py"), device, args.masks, *args.batches]
    title = f"PyTorch on {device}"
    with open(printed, "w") as stdout:
        given = {"stdout": stdout, "stderr": subprocess.PIPE, "text": True, "timeout": tools.seconds_left()}
        try:
            done = subprocess.run([str(part) for part in command], **given)
            said = done.stderr.strip().splitlines() if done.returncode else []
        except subprocess.TimeoutExpired:
            said = ["the time is used up"]
        except OSError as error:
            said = [str(error)]
    end = [f"\nPyTorch was not measured to the end: {said[-1]}"] if said else []
    report.add(title, printed.read_text().splitlines() + end)


def names(text):
    return [part for part in text.split(",") if part]


def parse():
    parser = argparse.ArgumentParser("gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=names, default=["cpu", "cuda"], help="the trusted one and the one to check")
    parser.add_argument("--parts", type=names, default=[*PARTS], help="with commas between (default: all)")
    parser.add_argument("--budget", type=float, default=BUDGET, help=f"seconds of all parts (default: {BUDGET}); 0 is no limit")
    parser.add_argument("--methods", type=names, default=[], help="of maps (default: all)")
    parser.add_argument("--model", action="append", default=[], metavar="NAME=FILE", help="another network and its weights")
    parser.add_argument("--embedded", action="store_true", help="only the embedded network")
    parser.add_argument("--batches", type=lambda text: [*map(int, names(text))], default=[128, 512, 32])
    parser.add_argument("--masks", type=int, default=4000, help="of RISE")
    parser.add_argument("--bin", type=Path, default=ROOT / "target/cuda/release", help="folder of our tools")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with torch and torchvision")
    parser.add_argument("--out", type=Path, default=ROOT / "out/gpu", help="work folder")
    parser.add_argument("--report", type=Path, help="file of the report (default: OUT/gpu.md)")
    args = parser.parse_args()
    if len(args.devices) != 2 or set(args.parts) - set(PARTS):
        parser.error(f"--devices takes two, --parts some of {', '.join(PARTS)}")
    args.bin, args.out = args.bin.resolve(), args.out.resolve()
    args.report = args.report or args.out / "gpu.md"
    return args


def machine(args):
    """One line about the machine; ends the run where a GPU is asked for and none is there."""
    gpu = nvidia_smi("name,driver_version,memory.total")
    wanted = any(device.startswith("cuda") for device in args.devices)
    if wanted and not gpu:
        sys.exit("gpu: no NVIDIA GPU on this machine (nvidia-smi does not answer)")
    return f"{f'{gpu} MiB' if wanted else 'no GPU asked for'}; {os.cpu_count()} cores, {platform.machine()}, {platform.system()}"


def run_parts(args, steps, tools, report):
    """A part's time ends where the shares of the later ones begin."""
    start, chosen = time.monotonic(), [part for part in PARTS if part in args.parts]
    scale = args.budget / sum(PARTS[part] for part in chosen)
    for place, part in enumerate(chosen):
        later = sum(PARTS[other] for other in chosen[place + 1 :])
        tools.deadline = start + args.budget - scale * later if args.budget else math.inf
        try:
            steps[part]()
        except OutOfTime as error:
            report.add(part, [f"Skipped: {error}."])
        print(f"{part}: {time.monotonic() - start:.0f} s since the start", flush=True)


def main():
    args = parse()
    head = machine(args)
    args.out.mkdir(parents=True, exist_ok=True)
    tools = Tools(args.bin, args.out)
    device = args.devices[1]
    try:
        version = tools.run("explain", "--version")[0].strip()
        tools.run("explain", "--device", device, "--list-layers")  # computes nothing: the first run must be cold
    except (Failed, OSError) as error:
        sys.exit(f"gpu: explain does not run on {device}: {error}")
    report = Report(args.report, f"{head}; {version}.")
    small = list(networks.small(args.out))
    large = [] if args.embedded else list(networks.big(args.model, args.out))
    embedded, small = small[:1], [] if args.embedded else small[1:]
    steps = {
        "start": lambda: speed.start(tools, device, (large or embedded)[0], report),
        "maps": lambda: correct.compare_maps(tools, args.devices, [*embedded, *large, *small], args.methods, report),
        "curves": lambda: correct.compare_curves(tools, args.devices, [*embedded, *large], report),
        "throughput": lambda: speed.throughput(tools, device, large or embedded, args.batches, args.masks, report),
        "torch": lambda: torch_part(args, tools, report),
    }
    run_parts(args, steps, tools, report)
    print(f"{report.path}: {report.failures} failures")
    sys.exit(1 if report.failures else 0)


if __name__ == "__main__":
    main()
