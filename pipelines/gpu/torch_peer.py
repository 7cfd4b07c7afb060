"""The same by PyTorch on the same device: rows of a Markdown table on standard output.

    torch_peer.py DEVICE MASKS BATCH ...
"""

import sys
import time

import torch
import torch.nn.functional as F
import torchvision

NETWORKS = {"resnet50": True, "vit_b_16": False}  # whether channels-last memory helps
KINDS = {"f32": (torch.float32, False), "f32 by TF32": (torch.float32, True), "bf16": (torch.bfloat16, True)}


@torch.inference_mode()
def forward(net, x):
    return net(x)


@torch.inference_mode()
def rise(net, x, masks, batch, grid=7, cell=32):
    total = torch.zeros(x.shape[1:], device=x.device)
    for start in range(0, masks, batch):
        count = min(batch, masks - start)
        grids = (torch.rand(count, 1, grid, grid, device=x.device) < 0.5).to(x.dtype)
        grown = F.interpolate(grids, ((grid + 1) * cell,) * 2, mode="bilinear")
        offsets = torch.randint(0, cell + 1, (count, 2)).tolist()
        mask = torch.stack([m[:, dy : dy + 224, dx : dx + 224] for m, (dy, dx) in zip(grown, offsets)])
        scores = net(x * mask).softmax(1)[:, 0]
        total += (scores[:, None, None, None] * mask).sum(0)
    return total / (0.5 * masks)


def seconds(device, compute, runs):
    """Mean seconds after a warm-up."""
    def wait():
        if device.startswith("cuda"):
            torch.cuda.synchronize()

    compute()
    wait()
    begin = time.perf_counter()
    for _ in range(runs):
        compute()
    wait()
    return (time.perf_counter() - begin) / runs


def main():
    device, masks, *batches = sys.argv[1], *map(int, sys.argv[2:])
    if device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit(f"torch {torch.__version__} sees no GPU")
    print("| network | task | numbers | batch | images or masks/s |\n|---|---|---|---:|---:|")
    # In the order of what matters most: the caller may end this at any line.
    for task in ("forward", f"RISE, {masks} masks"):
        for kind, (dtype, tf32) in KINDS.items():
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
            for name, channels_last in NETWORKS.items():
                net = torchvision.models.get_model(name, weights=None).eval().to(device, dtype)
                net = net.to(memory_format=torch.channels_last) if channels_last else net
                for batch in batches:
                    x = torch.randn(batch, 3, 224, 224, device=device, dtype=dtype)
                    if task == "forward":
                        rate = batch / seconds(device, lambda: forward(net, x), 5)
                    else:
                        rate = masks / seconds(device, lambda: rise(net, x[:1], masks, batch), 1)
                    print(f"| {name} | {task} | {kind} | {batch} | {rate:.0f} |", flush=True)
    print(f"\ntorch {torch.__version__}, torchvision {torchvision.__version__}")


if __name__ == "__main__":
    main()
