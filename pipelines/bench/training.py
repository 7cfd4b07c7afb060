"""A whole training step (forward, backward, SGD with Nesterov's momentum) of CIFAR ResNet-20 at batch 128 on random images, ours and
PyTorch's in turns: `make bench BENCH=--training`. CPU seconds too: they say more where a machine is busy."""

import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BATCH = 128


def ours(args):
    """Seconds of each step, and CPU seconds of a step (the first one and the start of the process counted)."""
    command = [args.bin / "examples/step", "cifar-resnet20", BATCH, args.long_runs, args.threads]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [float(line) for line in done.stdout.split()], cpu / (args.long_runs + 1)


def pytorch(args):
    """The same of PyTorch, in this process."""
    import torch
    import torch.nn.functional as F

    sys.path.insert(0, str(ROOT / "testdata/models"))
    from networks import CifarResNet

    torch.set_num_threads(args.threads)
    net = CifarResNet(3, 16)
    steps = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    images, labels = torch.rand(BATCH, 3, 32, 32) * 2 - 1, torch.arange(BATCH) % 10
    seconds, cpu = [], 0.0
    for run in range(args.long_runs + 1):
        start, busy = time.perf_counter(), time.process_time()
        steps.zero_grad()
        F.cross_entropy(net(images), labels).backward()
        steps.step()
        if run:
            seconds.append(time.perf_counter() - start)
            cpu += time.process_time() - busy
    return seconds, cpu / args.long_runs


def main(args):
    found = {"ours": ([], []), "PyTorch": ([], [])}
    for _ in range(args.runs):
        for name, measure in (("ours", ours), ("PyTorch", pytorch)):
            seconds, cpu = measure(args)
            found[name][0].extend(seconds)
            found[name][1].append(cpu)
    (ours_wall, ours_cpu), (peer_wall, peer_cpu) = (tuple(map(min, found[name])) for name in found)
    text = (f"| train-step | network | batch | threads | ours, s | PyTorch, s | ratio | ours, CPU s | PyTorch, CPU s | ratio |\n"
            f"|---|---|---|---|---|---|---|---|---|---|\n"
            f"| minima of {args.runs * args.long_runs} | cifar-resnet20 | {BATCH} | {args.threads} | {ours_wall:.2f} | {peer_wall:.2f} | "
            f"{ours_wall / peer_wall:.2f} | {ours_cpu:.2f} | {peer_cpu:.2f} | {ours_cpu / peer_cpu:.2f} |\n")
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "training.md").write_text(text)
    print(text, end="")
