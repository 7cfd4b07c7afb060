"""Seconds of the first and of the second run; throughput and memory."""

from gpu.networks import IMAGES
from gpu.tools import Failed, OutOfTime, Watch

METHODS = ["gradcam", "integrated-gradients:steps=50"]
EIGHT = [f"testbed/{i:03}" for i in range(8)]


def start(tools, device, network, report):
    """Cold: nothing compiled or tuned is on disk. Must be the first run on the device."""
    lines = ["| run | whole, s | of it computing, s |", "|---|---:|---:|"]
    for name in ["first, nothing on disk", "second", "third"]:
        try:
            record = tools.explain(network, device, ["gradcam"], IMAGES)[1]
            lines.append(f"| {name} | {record['wall']:.2f} | {record['seconds_compute']:.3f} |")
        except (Failed, OutOfTime) as error:
            report.failures += isinstance(error, Failed)
            lines.append(f"| {name} | {error} | |")
    report.add(f"Start: gradcam of {len(IMAGES)} images, {network.name}, {device}", lines)


def throughput(tools, device, networks, batches, masks, report):
    """RISE is many forward passes and little else, so it stands for forward throughput: our tools have no bare one, and no
    bf16. The first run of each batch size tunes kernels, the second counts."""
    lines = ["| network | method | batch | whole, s/image | forwards/s | GPU memory, MiB |", "|---|---|---:|---:|---:|---:|"]
    for method in [f"rise:masks={masks}", *METHODS]:
        for network in networks:
            for batch in batches:
                cells = once(tools, device, network, method, batch, masks, report)
                lines.append(f"| {network.name} | {method} | {batch} | {cells} |")
                print(lines[-1], flush=True)
    report.add(f"Throughput of explain on {device}, f32 (bf16: our tools do not offer it)", lines)


def once(tools, device, network, method, batch, masks, report):
    rise = method.startswith("rise")
    images = IMAGES[:1] if rise else EIGHT
    ask = lambda: tools.explain(network, device, [method], images, "--batch-size", batch)[1]
    try:
        ask()
        with Watch() as watch:
            seconds = ask()["seconds_compute"] / len(images)
    except Failed as error:
        report.failures += 1
        return f"FAILED: {error} | | "
    except OutOfTime:
        return "skipped: the time is used up | | "
    return f"{seconds:.4f} | {f'{masks / seconds:.0f}' if rise else ''} | {watch.peak}"
