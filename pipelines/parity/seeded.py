"""What the tests read that look for $PLUMBLINE_PARITY, and figures for reference: all by PyTorch alone."""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import architectures
from parity import full_transformers, onnx_exports, onnx_others
from parity.common import DATA, REAL, chosen, labels, image, resnet50_v1


@torch.no_grad()
def accuracy(args):
    for name in chosen(args, REAL):
        (make, prepare), rows, hits = REAL[name], labels(), np.zeros(2)
        net = make(DATA)
        for i in range(0, len(rows), 20):
            chunk = rows[i : i + 20]
            images = [prepare(Image.open(DATA / "imagenet" / file).convert("RGB")) for file, _ in chunk]
            best = net(torch.stack(images)).topk(5).indices
            right = best == torch.tensor([label for _, label in chunk])[:, None]
            hits += [right[:, 0].sum().item(), right.any(1).sum().item()]
        top1, top5 = 100 * hits / len(rows)
        print(f"{name} in PyTorch on {len(rows)} images: top-1 {top1:.1f} %, top-5 {top5:.1f} %", flush=True)
    return True


@torch.no_grad()
def depth(args):
    """Every architecture at full size with seeded weights, and real weights on real images, in folders of their own:
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
        print(f"{name}: the real weights on five real images")
    print(f"PLUMBLINE_PARITY={folder.resolve()}")
    return True


@torch.no_grad()
def rise(args):
    """RISE of five images over 100 masks that are given as grids and offsets, in float64."""
    folder = args.out / "depth"
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    count, grid, cell = 100, 7, 32
    grids, offsets = (torch.rand(count, grid, grid) < 0.5).double(), torch.randint(0, cell + 1, (count, 2))
    grown = F.interpolate(grids[:, None], ((grid + 1) * cell,) * 2, mode="bilinear", align_corners=False)
    masks = torch.stack([mask[:, dy : dy + 224, dx : dx + 224] for mask, (dy, dx) in zip(grown, offsets.tolist())])
    net, chosen = resnet50_v1().double(), labels()[:: len(labels()) // 5][:5]
    x = torch.stack([image(DATA / "imagenet" / name) for name, _ in chosen])
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
