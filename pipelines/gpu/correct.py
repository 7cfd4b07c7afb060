"""Both devices must give the same maps and the same curves."""

from gpu.networks import IMAGES
from gpu.tools import Failed, OutOfTime, distance, read_map, read_rows

FAR = 1e-3  # matrix products of a GPU may use TF32
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

    found, left = {}, [*methods]
    while left:
        try:
            found |= ask(left)
            break
        except Failed as error:
            unfit = [method for method in left if str(error).startswith(f"explain: {name_of(method)} does not fit ")]
            found |= dict.fromkeys(unfit, str(error)) if unfit else one_by_one(ask, left)
            left = [method for method in left if method not in found]
    return {method: found[method] for method in methods}


def one_by_one(ask, methods):
    found = {}
    for method in methods:
        try:
            found |= ask([method])
        except Failed as error:
            found[method] = str(error)
    return found


def methods_of(tools, network, wanted):
    every = tools.methods() if network.small else FEW
    return [method for method in every if not wanted or name_of(method) in wanted]


def compare_network(tools, devices, network, wanted, notes):
    """The cell of each method; what failed is added to the notes."""
    first = maps(tools, network, devices[0], methods_of(tools, network, wanted))
    fits = [method for method, answer in first.items() if not isinstance(answer, str)]
    second = maps(tools, network, devices[1], fits) if fits else {}
    return {method: cell_of(network, method, devices, answer, second.get(method), notes) for method, answer in first.items()}


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
    for place, network in enumerate(networks):
        try:
            found = compare_network(tools, devices, network, wanted, notes)
        except OutOfTime:
            notes.append(f"- The time is used up; skipped: {', '.join(skipped.name for skipped in networks[place:])}")
            break
        cells |= {(name_of(method), network.name): cell for method, cell in found.items()}
        measured = [cell for cell in found.values() if cell != "-"]
        far = sum(cell.startswith("**") for cell in measured)
        print(f"{network.name}: {len(measured)} methods, {far} further apart than {FAR}", flush=True)
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
