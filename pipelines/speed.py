"""Times one pass of a network against PyTorch, in turns, on the same number of threads: forward, and forward with the
gradient at the input (weights untracked). Medians; wall seconds and processor seconds of the whole process.

    speed.py resnet50 vit-b16 mobilenet-v2 --batch 8 --threads 1

Ours is `crates/models/examples/pass.rs` with made-up weights, PyTorch's is torchvision's network as a careful user runs
it: `eval`, no gradients of weights, channels-last memory where that is faster. Linux only: processor time is read from /proc.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Our name: the builder in torchvision.models, and whether channels-last memory helps it.
NETWORKS = {
    "resnet18": ("resnet18", True),
    "resnet50": ("resnet50", True),
    "resnet50-v1": ("resnet50", True),  # the stride in the first convolution of a block
    "vgg16": ("vgg16", True),
    "mobilenet-v2": ("mobilenet_v2", True),
    "vit-b16": ("vit_b_16", False),
}
PASSES = ("forward", "backward")


def network(name, batch, threads):
    """torchvision's network with made-up weights, and images."""
    import torch
    import torchvision

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = getattr(torchvision.models, NETWORKS[name][0])().eval().requires_grad_(False)
    if name.endswith("-v1"):
        for module in net.modules():
            if isinstance(module, torchvision.models.resnet.Bottleneck):
                module.conv1.stride, module.conv2.stride = module.conv2.stride, (1, 1)
    return net, torch.randn(batch, 3, 224, 224)


def onnx_session(name, batch, threads, profile=None):
    """ONNX Runtime on the exported network, and images; `profile` is how the file of a profile begins."""
    import onnxruntime
    import torch

    net, x = network(name, batch, threads)
    torch.backends.mha.set_fastpath_enabled(False)  # the exporter does not know it
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        path = f"{folder}/network.onnx"
        torch.onnx.export(net, (x,), path, dynamo=False, opset_version=17, input_names=["input"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        if profile:
            options.enable_profiling, options.profile_file_prefix = True, str(profile)
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]), x.numpy()


def serve_onnx(name, batch, threads):
    """ONNX Runtime's side: it has no gradients, so every line is a forward pass."""
    session, x = onnx_session(name, batch, threads)
    for _ in sys.stdin:
        print(float(session.run(None, {"input": x})[0].sum()), flush=True)


def serve(name, batch, threads):
    """PyTorch's side of the conversation: a pass for each line on standard input."""
    import torch

    net, x = network(name, batch, threads)
    if NETWORKS[name][1]:
        net, x = net.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    targets = torch.arange(batch)[:, None]
    for line in sys.stdin:
        if line.strip() == "forward":
            with torch.inference_mode():
                answer = net(x).sum()
        else:
            leaf = x.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(net(leaf).gather(1, targets).sum(), leaf)
            answer = gradient.abs().sum()
        print(float(answer), flush=True)


class Side:
    """A process that answers each line with one pass."""

    def __init__(self, command, threads):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.times = {name: [] for name in PASSES}
        for name in PASSES:
            self.ask(name)

    def cpu(self):
        """Processor seconds of all threads so far."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return 1e-9 * sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def ask(self, name):
        wall, cpu = time.perf_counter(), self.cpu()
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        if not self.process.stdout.readline():
            sys.exit(f"{self.process.args[0]} failed")
        return time.perf_counter() - wall, self.cpu() - cpu

    def time(self, name):
        self.times[name].append(self.ask(name))

    def median(self, name, which):
        return statistics.median(times[which] for times in self.times[name])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(args, name):
    ours = Side([args.example, name, str(args.batch)], args.threads)
    torch = [sys.executable, __file__, "--serve", name, "--batch", str(args.batch), "--threads", str(args.threads)]
    theirs = Side(torch, args.threads)
    for _ in range(args.runs):
        for task in PASSES:
            ours.time(task)
            theirs.time(task)
    for task in PASSES:
        cells = [name, "forward + backward" if task == "backward" else task]
        for which in (1, 0):
            own, their = (1e3 * side.median(task, which) / args.batch for side in (ours, theirs))
            cells += [f"{own:.1f}", f"{their:.1f}", f"{own / their:.2f}"]
        print("| " + " | ".join(cells) + " |", flush=True)
    ours.close()
    theirs.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--example", type=Path, default=ROOT / "target/release/examples/pass")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--onnx", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        (serve_onnx if args.onnx else serve)(args.serve, args.batch, args.threads)
        return
    print("| network | pass | ours, CPU ms | PyTorch | ratio | ours, wall ms | PyTorch | ratio |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for name in args.networks:
        compare(args, name)


if __name__ == "__main__":
    main()
