"""Peak resident memory: it must not grow by more than a tenth with images or masks, nor above that of burn's own layers by
more than the network's weights, of which our kernels keep a packed copy. Medians of three runs where layers are compared."""

import json
import statistics
import struct

from bench import ours
from bench.peer import prepare


def weights_mib(file):
    """A network's weights as f32."""
    if file.suffix != ".safetensors":
        return file.stat().st_size / 2**20
    with open(file, "rb") as stream:
        header = json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))
    count = sum((value["data_offsets"][1] - value["data_offsets"][0]) / int(value["dtype"][1:]) * 8
                for name, value in header.items() if name != "__metadata__")
    return count * 4 / 2**20


class Memory:
    def __init__(self, args, network):
        prepare(ours.weights(args, network))
        self.args, self.tools, self.lines = args, ours.Tools(args, network), []
        self.network, self.weights = network, weights_mib(ours.weights(args, network))

    def explain(self, method, count, engine="best"):
        paths = ours.write_images(self.args.out / f"images-{count}", count)
        folder = self.args.out / f"maps-{count}"
        return ours.peak(self.tools.explain_command(method, paths, folder, engine), self.table(count))

    def perturb(self, count, engine="best"):
        """Of the maps that `explain` has written last for so many images."""
        tests = ["deletion:steps=4"]
        return ours.peak(self.tools.perturb_command(tests, self.table(count), self.args.out / "memory.json", engine))

    def table(self, count):
        return self.args.out / f"memory-{count}.csv"

    def add(self, what, first, second, values, limit):
        small, large = values
        cells = [self.network, what, f"{first}: {small:.0f}", f"{second}: {large:.0f}", f"{large - small:+.0f}",
                 f"{limit:.0f}", "yes" if large - small <= limit else "NO"]
        self.lines.append("| " + " | ".join(cells) + " |")
        print(self.lines[-1], flush=True)
        (self.args.out / "memory.md").write_text("\n".join([*HEAD, *self.lines]) + "\n")


HEAD = [
    "| network | job | MiB | MiB | difference | at most | holds |",
    "|---|---|---:|---:|---:|---:|---|",
]


def memory(args, networks):
    few, many = args.counts
    print("\n".join(HEAD), flush=True)
    for network in networks:
        job = Memory(args, network)
        tenth = lambda values: 0.1 * values[0]

        values = [job.explain("gradcam", count) for count in (few, many)]
        job.add("`gradcam`", f"{few} images", f"{many} images", values, tenth(values))
        values = [job.perturb(count) for count in (few, many)]
        job.add("deletion, 5 points", f"{few} images", f"{many} images", values, tenth(values))

        less = max(args.masks // 8, 1)
        values = [job.explain(f"rise:masks={masks}", 1) for masks in (less, args.masks)]
        job.add("`rise`, 1 image", f"{less} masks", f"{args.masks} masks", values, tenth(values))

        engines = {"burn's layers": "stock", "ours": "best"}
        median = lambda measure: [statistics.median(measure(engine) for _ in range(3)) for engine in engines.values()]
        values = median(lambda engine: job.explain("integrated-gradients:steps=16", 1, engine))
        job.add("`integrated-gradients:steps=16`, 1 image", *engines, values, job.weights)
        values = median(lambda engine: job.explain("gradcam", few, engine))
        job.add(f"`gradcam`, {few} images", *engines, values, job.weights)
        values = median(lambda engine: job.perturb(few, engine))
        job.add(f"deletion, {few} images", *engines, values, job.weights)
