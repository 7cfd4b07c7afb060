"""Times our tools against PyTorch, Captum, pytorch-grad-cam, zennit and Quantus on the same weights and images with as many
threads, in turns (ours, peer, ours, peer ...), medians and the ratio of minima.

    python pipelines/bench                                 every row; a table on standard output and in OUT/bench.md
    python pipelines/bench --tasks forward,gradcam --networks resnet50-v1
    python pipelines/bench --memory                        peak memory instead; a table in OUT/memory.md
    python pipelines/bench --layers                        times of layers and ONNX Runtime's instead; tables in OUT/layers.md
    python pipelines/bench --tables                        CPU time and memory of rank and correlate on 20 million rows, beside
                                                           Polars and DuckDB; a table in OUT/tables.md
    python pipelines/bench --training                      a whole training step of CIFAR ResNet-20; a table in OUT/training.md
    python pipelines/bench --learned                       BEE, EEA, TAME and best-of on CIFAR ResNet-20; a table in OUT/learned.md
    python pipelines/bench --list                          the tasks, and the networks that they run on by themselves

Both sides are timed from prepared images to results in host memory: no process start, no loading of weights, no decoding,
no sorting of maps. Ours is `seconds_compute` of the run record; the peers run in one process of their own that stays up and is
warmed before. A run of a row computes as many images as make `--forwards` forward passes, at least one. Rows that need more
for one image are long: they are not warmed and have `--long-runs` runs.
Weights and images are read from $PLUMBLINE_DATA; ViT-B/16 has seeded weights. Packages: testdata/requirements.txt.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[0] = str(ROOT / "pipelines")

from bench.rows import NETWORKS, rows  # noqa: E402


def names(text):
    return [part for part in text.split(",") if part]


def parse():
    parser = argparse.ArgumentParser(
        "bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=names, default=[], help="rows, with commas between (default: all)")
    parser.add_argument("--networks", type=names, default=[], help="networks (default: each row's own, see --list)")
    parser.add_argument("--peers", type=names, default=[], help="only these peers (default: all)")
    parser.add_argument("--images", type=int, default=8, help="at most so many in a run")
    parser.add_argument("--forwards", type=int, default=400, help="of one run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--long-runs", type=int, default=3, help="of rows that need more than --forwards for one image")
    parser.add_argument("--batch", type=int, default=8, help="images of forward and backward")
    parser.add_argument("--masks", type=int, default=4000, help="of RISE")
    parser.add_argument("--samples", type=int, default=1000, help="of Kernel SHAP")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--device", default="cpu", help="of both sides: cpu or cuda")
    parser.add_argument("--bin", type=Path, default=ROOT / "target/release", help="folder of our tools")
    parser.add_argument("--out", type=Path, default=ROOT / "out/bench", help="work folder")
    parser.add_argument("--table", type=Path, help="file of the table (default: OUT/bench.md)")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--memory", action="store_true", help="measure peak memory (default network: resnet50-v1)")
    parser.add_argument("--layers", action="store_true", help="time each layer, with one thread and with --threads")
    parser.add_argument("--tables", action="store_true", help="measure rank and correlate on a large table")
    parser.add_argument("--training", action="store_true", help="time a training step, --runs times --long-runs of them")
    parser.add_argument("--learned", action="store_true", help="time methods that are trained or adapted to a metric")
    parser.add_argument("--rows", type=int, default=20_000_000, help="of that table")
    parser.add_argument("--counts", type=int, nargs=2, default=[30, 300], help="of images, with --memory")
    args = parser.parse_args()
    args.out = args.out.resolve()
    args.table = args.table or args.out / "bench.md"
    return parser, args


def choose(parser, args):
    """The rows of each network, in order."""
    every = rows(args.masks, args.samples)
    if unknown := (set(args.tasks) - {row.task for row in every}) | (set(args.networks) - set(NETWORKS)):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; see --list")
    wanted = [row for row in every if (not args.tasks or row.task in args.tasks)
              and (not args.peers or set(args.peers) & set(row.peers))]
    of = lambda network: [row for row in wanted if network in row.fits and network in (args.networks or row.networks)]
    return [(network, of(network)) for network in NETWORKS if of(network)]


def main():
    parser, args = parse()
    if args.list:
        for row in rows(args.masks, args.samples):
            print(f"{row.task:22}{row.label:60}{', '.join(row.peers):32}{' '.join(row.networks)}")
        return
    args.out.mkdir(parents=True, exist_ok=True)
    if args.memory:
        from bench.memory import memory

        choose(parser, args)
        memory(args, args.networks or ["resnet50-v1"])
    elif args.tables:
        from bench.tables import tables

        tables(args)
    elif args.training:
        from bench import training

        training.main(args)
    elif args.learned:
        from bench import learned

        learned.main(args)
    elif args.layers:
        from bench.layers import layers

        choose(parser, args)
        layers(args, args.networks or list(NETWORKS))
    else:
        from bench.table import bench

        bench(args, choose(parser, args))


if __name__ == "__main__":
    main()
