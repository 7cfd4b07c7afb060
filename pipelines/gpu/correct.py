"""Both devices must give the same maps and the same curves."""

from gpu.networks import IMAGES
from gpu.tools import Failed, OutOfTime, distance, read_map, read_rows

FAR = 1e-3  # matrix products of a GPU may use TF32
GROUP = 20
TESTS = ["deletion:steps=20", "insertion:steps=20", "pos", "mask"]
# What is asked of big networks: each kind of operation, few samples.
FEW = [
    "gradient", "input-x-gradient", "smoothgrad:samples=4", "integrated-gradients:steps=8", "guided-backprop", "deeplift", "lrp",
    "fullgrad", "gradcam", "layercam", "ablation-cam", "occlusion:window=56,stride=56", "rise:masks=64",
    "kernel-shap:samples=64,segments=grid,cells=4", "rollout", "gae", "t-attr", "attn-lrp",
]


def name_of(method):
    return method.split(":")[0]


def maps(tools, network, device, methods):
    """The maps of each method, or what went wrong; all that fit in one run if that works."""
    def ask(some):
        rows = read_rows(tools.explain(network, device, some, IMAGES)[0])
        return {method: [read_map(row) for row in rows if name_of(row["method"]) == name_of(method)] for method in some}

    found = divided(ask, methods)
    return {method: found[method] for method in methods}


def divided(ask, methods):
    """What fails is looked for by halves: a run on a GPU takes long to start."""
    if not methods:
        return {}
    try:
        return ask(methods)
    except Failed as error:
        said, half = str(error), len(methods) // 2
        unfit = [method for method in methods if said.startswith(f"explain: {name_of(method)} does not fit ")]
        if unfit or not half:
            return dict.fromkeys(unfit or methods, said) | divided(ask, [m for m in methods if unfit and m not in unfit])
        return divided(ask, methods[:half]) | divided(ask, methods[half:])


def in_groups(methods):
    """A run for each, so that what is measured before the time is used up is kept."""
    return [methods[i : i + GROUP] for i in range(0, len(methods), GROUP)]


def methods_of(tools, network, wanted):
    every = tools.methods() if network.small else FEW
    return [method for method in every if not wanted or name_of(method) in wanted]


def compare_group(tools, devices, network, methods, notes):
    """The cell of each method; what failed is added to the notes."""
    first = maps(tools, network, devices[0], methods)
    fits = [method for method, answer in first.items() if not isinstance(answer, str)]
    second = maps(tools, network, devices[1], fits)
    return {(name_of(method), network.name): cell_of(network, method, devices, answer, second.get(method), notes)
            for method, answer in first.items()}


def cell_of(network, method, devices, first, second, notes):
    for device, answer in zip(devices, (first, second)):
        if isinstance(answer, str):
            if device == devices[0] and "does not fit" in answer:
                return "-"
            notes.append(f"- {network.name}, {method}, {device}: {answer}")
            return "FAILED"
    apart = max(distance(a, b) for a, b in zip(first, second, strict=True))
    return f"{apart:.0e}" if apart <= FAR else f"**{apart:.0e}**"


def compare_maps(tools, devices, networks, wanted, report):
    """A table method x network of the largest relative L2 over the images."""
    cells, notes = {}, []
    groups = [(network, some) for network in networks for some in in_groups(methods_of(tools, network, wanted))]
    for place, (network, methods) in enumerate(groups):
        try:
            found = compare_group(tools, devices, network, methods, notes)
        except OutOfTime:
            left = ", ".join(dict.fromkeys(other.name for other, _ in groups[place:]))
            notes.append(f"- The time is used up at {network.name}, {methods[0]}; skipped from there on: {left}")
            break
        cells |= found
        far = sum(cell.startswith("**") for cell in found.values())
        print(f"{network.name}: {methods[0]} to {methods[-1]}: {far} further apart than {FAR}", flush=True)
    columns = list(dict.fromkeys(name for _, name in cells))
    report.add(f"Maps: relative L2 between {devices[0]} and {devices[1]}, largest of {len(IMAGES)} images; bold above {FAR}", [
        "| method | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|",
        *("| " + " | ".join([method, *(cells.get((method, name), " ") for name in columns)]) + " |"
          for method in dict.fromkeys(method for method, _ in cells)), "", *notes,
    ])
    report.failures += sum(cell == "FAILED" for cell in cells.values())


def compare_curves(tools, devices, networks, report):
    """The largest difference of a probability on the same maps."""
    lines = ["| network | answers | largest difference of a probability | other class predicted |", "|---|---:|---:|---:|"]
    for network in networks:
        try:
            table = tools.out / "followed.csv"
            table.write_text(tools.explain(network, devices[0], ["gradcam", "random"], IMAGES)[0])
            first, second = (read_rows(tools.perturb(network, device, TESTS, table)) for device in devices)
            apart = max(abs(float(a["probability"]) - float(b["probability"])) for a, b in zip(first, second, strict=True))
            other = sum(a["predicted"] != b["predicted"] for a, b in zip(first, second))
            lines.append(f"| {network.name} | {len(first)} | {apart:.1e} | {other} |")
        except OutOfTime:
            lines.append(f"| {network.name} | skipped: the time is used up | | |")
        except (Failed, ValueError) as error:
            report.failures += 1
            lines.append(f"| {network.name} | FAILED: {error} | | |")
        print(lines[-1], flush=True)
    report.add(f"perturb: {devices[0]} against {devices[1]}, {', '.join(TESTS)}", lines)
