"""Milliseconds for an image of the methods that are trained or adapted (BEE, EEA, TAME, best-of) on CIFAR ResNet-20, beside what they are made of:
`make bench BENCH=--learned`. No other program has them, so the last column is the ratio to Grad-CAM in the same run. What they learn does not
change their time, so that they are trained on a few images only."""

import shutil
import statistics
import sys

from bench.ours import DATA, ROOT, run, seconds

METRIC = "metric=(pos),images=5"
PLAIN = ["gradcam", "act-ig", "integrated-gradients:steps=10", "rise:masks=500"]
BANDITS = ["pbee", "fbee", "ig-fbee", "big-fbee", "gig-fbee"]
LEARNED = {"peea": "eea", "eea:select=(pos),stop=never": "eea", "tame": "tame"}
OTHERS = "(gradcam)(gradcam++)(layercam)(hirescam)(lrp)(act-ig)(integrated-gradients:steps=20)(smoothgrad:samples=25)"


def trained(args, model, images, what, *flags):
    """The file of a small training."""
    path = args.out / f"{'-'.join([what, *flags[1:2]]).split(':')[0]}.safetensors"
    if not path.exists():
        run([args.bin / "train", what, *model, "--images", images, "--count", "32", "-q", "-o", path, *flags])
    return path


def methods(args, model, images):
    """Each method and the flags that it needs."""
    baselines = ["--baselines", images.parent / "drawn"]
    yield from ((spec, []) for spec in PLAIN)
    yield from ((f"{name}:{METRIC}", baselines) for name in ("nbee", "ncbee"))
    for name in BANDITS:
        # pbee and fbee share one.
        of = "pbee" if name == "fbee" else name
        bandit = trained(args, model, images, "bee", "-m", f"{of}:{METRIC}", *baselines)
        yield f"{name}:{METRIC}", ["--file", f"bandit={bandit}", *baselines]
    yield f"best-of:methods={OTHERS},metric=(pos)", []
    for spec, what in LEARNED.items():
        yield spec, ["--file", f"explainer={trained(args, model, images, what, '--epochs', '1')}"]


def write_images(folder, count=40):
    """The first test images of CIFAR-10 as PNG with a table; those that the arm `training` draws from lie apart as well."""
    run([sys.executable, ROOT / "pipelines/cifar_png.py", DATA / "cifar10", folder, count])
    (folder / "drawn").mkdir(exist_ok=True)
    for path in sorted((folder / "images").iterdir())[-8:]:
        shutil.copy(path, folder / "drawn")
    return folder / "images.csv", count


def main(args):
    images, count = write_images(args.out / "cifar")
    model = ["--model", "cifar-resnet20", "--weights", DATA / "weights/cifar10-resnet20.safetensors"]
    found, record = {}, args.out / "learned.json"
    chosen = list(methods(args, model, images))
    for _ in range(args.runs):
        for spec, flags in chosen:
            run([args.bin / "explain", *model, "--threads", args.threads, "-q", "-m", spec, *flags, "--images", images,
                 "-o", args.out / "maps", "--record", record])
            found.setdefault(spec, []).append(1000 * seconds(record) / count)
    base = min(found["gradcam"])
    lines = [f"| method | median of {args.runs}, ms an image | minimum | times Grad-CAM |", "|---|---:|---:|---:|"]
    lines += [f"| `{spec}` | {statistics.median(took):.1f} | {min(took):.1f} | {min(took) / base:.0f} |" for spec, took in found.items()]
    text = "\n".join(lines) + "\n"
    (args.out / "learned.md").write_text(text)
    print(text, end="")
