"""A score table as `score` writes it, as large as a benchmark: 20 million rows of 50,000 images, 20 methods and 20 metrics, 2.7 GB.

    python pipelines/bench/score_table.py > scores.csv
    python pipelines/bench/score_table.py --images 1000 --shuffled > scores.csv

Equal arguments give equal bytes. An image has its difficulty, a method its quality, and a metric looks at both and adds its noise;
two metrics have two values, and one is not defined for one image in a thousand, for each method another one.
"""

import argparse
import random
import sys

METHODS = """ablation-cam adasise:masks=1000 deeplift gradcam gradcam++ gradient-shap guided-backpropagation input-magnitude
integrated-gradients:steps=50 kernel-shap:samples=1000,segments=grid,cells=8 layercam lrp:preset=epsilon-plus
occlusion:window=32,stride=16 random rise:masks=4000 saliency scorecam smoothgrad:samples=25 tame xgradcam""".split()
# Each with its direction.
METRICS = """deletion:fill=blur,steps=20 lower deletion:fill=black,steps=20 lower deletion:fill=zero,steps=20 lower
insertion:fill=blur,steps=20 higher insertion:fill=black,steps=20 higher insertion:fill=zero,steps=20 higher road:noise=0 lower
road:noise=0,order=lerf higher average-drop:percentile=50 lower average-drop:percentile=75 lower average-drop:percentile=90 lower
increase:percentile=50 higher pointing-game higher energy-pointing-game higher sparseness higher complexity lower
infidelity:samples=50 lower max-sensitivity:samples=10 lower iou:threshold=0.2 higher confidence higher""".split()
METRICS = list(zip(METRICS[::2], METRICS[1::2]))
BINARY = {"increase:percentile=50", "pointing-game"}
UNDEFINED = "sparseness"
MODEL, LIST = "resnet50-v1@5f1c2a9e", "l7f3a9c21"
HEADER = "image,target,model,method,metric,direction,value,reason,list,label\n"


def cells(methods, metrics, rng):
    """Of each method and metric: the cells before the value, the method's quality, the metric's noise and what it is like."""
    quote = lambda text: f'"{text}"' if "," in text else text
    quality = {method: rng.random() for method in methods}
    kind = lambda metric: "binary" if metric in BINARY else "undefined" if metric == UNDEFINED else "number"
    noise = {metric: rng.uniform(0.2, 0.6) for metric, _ in metrics}
    return [(f"{quote(method)},{quote(metric)},{way},", quality[method], noise[metric], kind(metric))
            for method in methods for metric, way in metrics]


def rows_of(image, images, columns, rng):
    """The rows of one image, as text."""
    target = rng.randrange(1000)
    before = f"val/ILSVRC2012_val_{image + 1:08}.JPEG,{target},{MODEL},"
    after, undefined = f",,{LIST}/{images},{target}\n", f"NaN,the map is constant,{LIST}/{images},{target}\n"
    ease, draw, rows = 0.4 * rng.random(), rng.random, []
    for names, quality, noise, kind in columns:
        value = ease + 0.2 * quality + noise * draw()
        if kind == "number":
            rows.append(f"{before}{names}{value}{after}")
        elif kind == "binary":
            rows.append(f"{before}{names}{int(value > 0.5)}{after}")
        else:
            rows.append(f"{before}{names}{undefined if draw() < 0.001 else str(value) + after}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--methods", type=int, default=len(METHODS), help=f"at most {len(METHODS)}")
    parser.add_argument("--metrics", type=int, default=len(METRICS), help=f"at most {len(METRICS)}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shuffled", action="store_true", help="the rows in any order, all in memory")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    columns = cells(METHODS[: args.methods], METRICS[: args.metrics], rng)
    sys.stdout.write(HEADER)
    images = (rows_of(image, args.images, columns, rng) for image in range(args.images))
    if args.shuffled:
        every = [row for rows in images for row in rows]
        rng.shuffle(every)
        images = [every]
    for rows in images:
        sys.stdout.write("".join(rows))


if __name__ == "__main__":
    main()
