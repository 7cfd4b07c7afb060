#!/usr/bin/env python3
"""The tables of docs/coherency.md: ours of both networks beside those of the paper, and what becomes of its claims. Needs only the
standard library.

Usage: tables.py FOLDER PAPER_TABLES.csv DOCUMENT.md      writes between the document's markers

FOLDER has cifar/, imagenet/ and ecssd/ as run.sh leaves them.
"""
import csv
import pathlib
import re
import sys

NETWORKS = {"cifar": "CIFAR ResNet-56", "imagenet": "MobileNetV2"}
POINTED = {"ecssd": "MobileNetV2 on ECSSD"}
# Ours, and the paper's spellings.
METHODS = {"ada-sise": "AdaSISE", "gradcam": "Grad-CAM", "integrated-gradients": "IG", "lrp": "LRP", "occlusion": "Occlusion",
           "rise": "RISE", "smoothgrad": "SMOOTHGRAD", "tame": "TAME"}
FILLS = {"zero": "mean", "uniform": "uniform", "blur": "blur"}
# (1) to (6) of the paper's Tables A1 and A4.
CONFIGURATIONS = [(fill, region) for region in (False, True) for fill in FILLS]
PERCENTILES = [50, 70, 75, 80, 85, 90]
DROPS = {"real-valued": "adp:fill=zero"} | {f"{p}%": f"adp:fill=zero,percentile={p},ties=all" for p in PERCENTILES}


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def table(head, body):
    line = lambda cells: "| " + " | ".join(cells) + " |"
    return "\n".join([line(head), "|---" * len(head) + "|", *map(line, body)]) + "\n"


def number(text):
    return float(text) if text else float("nan")


class Paper:
    """The published numbers, by the start of the table's name."""

    def __init__(self, path):
        self.cells = {}
        for row in rows(path):
            key = (row["table"].lower(), row["row"].lower(), row["column"].lower())
            self.cells.setdefault(key, row["value"])

    def of(self, start, row, column):
        for (name, *place), value in self.cells.items():
            if name.startswith(start.lower()) and place == [row.lower(), column.lower()]:
                return value
        return "–"


class Network:
    """What run.sh has left of one network."""

    def __init__(self, folder):
        self.pairs, self.means, self.n = {}, {}, 0
        for row in rows(folder / "correlate.csv"):
            found = [number(row[name]) for name in ("correlation", "ci_low", "ci_high")]
            a, b = plain(row["metric_a"]), plain(row["metric_b"])
            self.pairs[method(row["method"]), a, b] = self.pairs[method(row["method"]), b, a] = found
        for row in rows(folder / "rank.csv"):
            found = [number(row[name]) for name in ("mean", "ci_low", "ci_high")]
            self.means[method(row["method"]), plain(row["metric"])] = found
            self.n = max(self.n, int(row["n"]))
        self.methods = {ours: theirs for ours, theirs in METHODS.items() if any(of == ours for of, _ in self.means)}
        self.densities, self.curves = rows(folder / "density.csv"), mean_curves(folder)

    def pair(self, of, a, b):
        return self.pairs.get((of, a, b), [float("nan")] * 3)

    def mean(self, of, metric):
        return self.means.get((of, metric), [float("nan")] * 3)


def mean_curves(folder):
    """By test, method and fraction: the mean probability over the images."""
    sums = {}
    for path in sorted(folder.glob("answers-*.csv")):
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                if row["probability"]:
                    place = sums.setdefault((plain(row["test"]), method(row["method"]), f"{float(row['fraction']):.1f}"), [0, 0])
                    place[0] += float(row["probability"])
                    place[1] += 1
    return {place: total / count for place, (total, count) in sums.items()}


def method(spec):
    """The name, and whether the maps were blurred."""
    name = re.split("[:+]", spec)[0]
    return name + (" (+blur)" if "smooth" in spec.split("+", 1)[-1] and "+" in spec else "")


def plain(metric):
    """A metric without what all runs have alike, the region without its size, and the fill that is insertion's default."""
    name, _, parameters = metric.partition(":")
    kept = ["region" if part.startswith("region=") else part for part in parameters.split(",")
            if not part.startswith(("steps=", "runs="))]
    if name == "insertion" and not any(part.startswith("fill=") for part in kept):
        kept.insert(0, "fill=blur")
    kept = [part for part in kept if part]
    return f"{name}:{','.join(kept)}" if kept else name


def curve(name, fill, region=False):
    return f"{name}:fill={fill}{',region' if region else ''}"


def cell(found, digits=2):
    value, low, high = found
    if value != value:
        return "–"
    return f"{value:.{digits}f}" + (f" [{low:.{digits}f}, {high:.{digits}f}]" if low == low else "")


def label(place):
    fill, region = CONFIGURATIONS[place]
    return f"{FILLS[fill]}, {'region' if region else 'pixel'}"


def consistency(networks, paper):
    """Table 1: the mean over the methods; all pairs of Table A1."""
    for name in ("insertion", "deletion"):
        body = []
        for a in range(6):
            for b in range(a + 1, 6):
                ours = [cell(net.pair("mean", curve(name, *CONFIGURATIONS[a]), curve(name, *CONFIGURATIONS[b]))) for net in networks.values()]
                of = lambda start: [number(paper.of(f"Coherency Table {start} ({name})", f"({a + 1}) vs ({b + 1})", column))
                                    for column in METHODS.values()]
                theirs = [f"{sum(found) / len(found):.3f}" for found in (of("A1"), of("A4"))]
                body.append([f"({a + 1}) {label(a)}", f"({b + 1}) {label(b)}", *ours, *theirs])
        yield f"{name.capitalize()}, means over the methods (Tables 1, A1, A4)", table(
            ["configuration", "configuration", *map(titled, networks), "paper, ResNet-50", "paper, VGG16"], body)


def titled(network):
    return (NETWORKS | POINTED)[network]


def by_method(networks, paper, start, entries):
    """Pairs of metrics, one row for each method and network: entries are (title, paper's row and column, a, b)."""
    for network, net in networks.items():
        body = []
        for ours, theirs in net.methods.items():
            found = [f"{cell(net.pair(ours, a, b))} ({published(paper, start, theirs, place)})" for _, place, a, b in entries]
            body.append([theirs, *found])
        body.append(["mean of the methods", *(cell(net.pair("mean", a, b)) for _, _, a, b in entries)])
        yield titled(network), table(["method", *(title for title, *_ in entries)], body)


def published(paper, start, method, place):
    """A cell of the paper, whose rows are pairs in Table 2 and methods elsewhere."""
    name, key = place
    return paper.of(f"{start}{name}", key, method) if start == "Coherency Table 2" else paper.of(f"{start}{name}", method, key)


INSERTION, DELETION, ROAD, DROP = curve("insertion", "zero"), curve("deletion", "zero"), "road", DROPS["real-valued"]
RELIABILITY = [(title, ("", title), a, b) for title, a, b in [
    ("insertion & deletion", INSERTION, DELETION), ("insertion & avg. drop", INSERTION, DROP), ("insertion & ROAD", INSERTION, ROAD),
    ("deletion & avg. drop", DELETION, DROP), ("deletion & ROAD", DELETION, ROAD), ("avg. drop & ROAD", DROP, ROAD)]]
POINTING = [(title, ("", title), other, "pointing-game") for title, other in [
    ("insertion & pointing", INSERTION), ("deletion & pointing", DELETION), ("avg. drop & pointing", DROP), ("pointing & ROAD", ROAD)]]
BINARISED = [(name.lower(), ("", name), DROPS["50%"], other) for name, other in
             [("Insertion", INSERTION), ("Deletion", DELETION), ("ROAD", ROAD)]]


def thresholds(part, other):
    return [(name, (part, name), drop, other) for name, drop in DROPS.items()]


def values(networks, paper):
    """Table A2 and that of Figure 4: means of the metrics."""
    columns = {"drop %": DROP, "50th pct": DROPS["50%"], "75th pct": DROPS["75%"], "I.i.C.": "pic:fill=zero", "ROAD": "road"}
    cells = {"drop %": ("Table A2", "orig"), "50th pct": ("Table A2", "50th pct"), "75th pct": ("Table A2", "75th pct"),
             "I.i.C.": ("Fig 4", None), "ROAD": ("Fig 4", None)}
    for network, net in networks.items():
        body = []
        for ours, theirs in net.methods.items():
            for blur in ("", " (+blur)") if f"{ours} (+blur)" in {of for of, _ in net.means} else ("",):
                of_paper = lambda title: theirs_of(paper, cells[title], title, theirs, blur, ours)
                found = [f"{cell(net.mean(ours + blur, metric), 2)} ({of_paper(title)})" for title, metric in columns.items()]
                body.append([theirs + blur, *found])
        yield titled(network), table(["method", *columns], body)


def pointing(networks, paper):
    """The pointing game: how often, and its agreement with the other metrics (Table 2) and with the average drop at thresholds (A3c)."""
    yield from by_method(networks, paper, "Coherency Table 2", POINTING)
    for _, text in by_method(networks, paper, "Coherency Table A3 (c", thresholds(": pointing vs drop)", "pointing-game")):
        yield "With the average drop at thresholds", text
    for net in networks.values():
        body = []
        for name in (name for name, metric in net.means if metric == "pointing-game"):
            ours = name.removesuffix(" (+blur)")
            theirs = theirs_of(paper, ("Fig 4", None), "Pointing", METHODS[ours], name[len(ours):], ours)
            body.append([METHODS[ours] + name[len(ours):], f"{cell([100 * value for value in net.mean(name, 'pointing-game')], 1)} ({theirs})"])
        yield "How often the highest value lies on the object, in percent (the table of Figure 4)", table(["method", "pointing"], body)


def theirs_of(paper, where, title, name, blur, ours):
    start, column = where
    if start == "Table A2":
        return "–" if blur else paper.of("Coherency Table A2", name, column)
    original = " (original)" if ours in ("integrated-gradients", "smoothgrad") else ""
    return paper.of("Coherency Fig 4", title, name + (blur or original))


def densities(networks):
    """Figure 3: how much of a map's values lies where."""
    for network, net in networks.items():
        body, found = [], {}
        for row in net.densities:
            found.setdefault(method(row["method"]), []).append((number(row["relevance"]), number(row["density"])))
        for name, points in found.items():
            total = sum(height for _, height in points)
            share = lambda low, high: sum(height for at, height in points if low <= at < high or high == 1 and at == 1) / total
            body.append([name, *(f"{share(low, high):.3f}" for low, high in [(0, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)])])
        yield titled(network), table(["method", "0 to 0.1", "to 0.25", "to 0.5", "to 0.75", "to 1"], body)


def curves(networks):
    """Figures 2, 4, A1, A2: mean probabilities at some fractions."""
    places = ["0.0", "0.1", "0.2", "0.3", "0.5", "0.7", "1.0"]
    for network, net in networks.items():
        for test in ("insertion:fill=zero", "deletion:fill=zero", "insertion:fill=blur", "deletion:fill=blur"):
            names = dict.fromkeys(name for of, name, _ in net.curves if of == test)
            body = [[name, *(f"{net.curves[test, name, at]:.3f}" for at in places)] for name in names]
            yield f"{titled(network)}, {test}", table(["method", *places], body)


class Claim:
    """What the paper says, as a number of each method and where it must lie."""

    def __init__(self, text, of_method, above, at=0.0):
        self.text, self.of_method, self.above, self.at = text, of_method, above, at

    def numbers(self, pair):
        found = [self.of_method(lambda a, b: pair(name, a, b)) for name in METHODS]
        return [value for value in found if value == value]

    def verdict(self, low, high):
        good, bad = (low > self.at, high < self.at) if self.above else (high < self.at, low > self.at)
        return "holds" if good else "fails" if bad else "undecided"


def claims():
    fill = lambda name, fill, region=False: curve(name, fill, region)
    for name in ("insertion", "deletion"):
        zero, blur, uniform, region = fill(name, "zero"), fill(name, "blur"), fill(name, "uniform"), fill(name, "zero", True)
        yield Claim(f"{name}: mean and uniform colour agree (above 0.9)", lambda of, a=zero, b=uniform: of(a, b), True, 0.9)
        yield Claim(f"{name}: blur agrees less with mean than uniform does", lambda of, a=zero, b=blur, c=uniform: of(a, b) - of(a, c), False)
        yield Claim(f"{name}: region agrees more with pixel than blur with mean",
                    lambda of, a=zero, b=region, c=blur: of(a, b) - of(a, c), True)
    yield Claim("insertion and deletion disagree", lambda of: of(INSERTION, DELETION), False)
    yield Claim("deletion and ROAD agree", lambda of: of(DELETION, ROAD), True)
    yield Claim("ROAD goes with deletion by blur more than with deletion by mean",
                lambda of: of(ROAD, fill("deletion", "blur")) - of(ROAD, DELETION), True)
    yield Claim("insertion and ROAD disagree", lambda of: of(INSERTION, ROAD), False)
    yield Claim("average drop goes with neither: less than 0.3 from insertion", lambda of: abs(of(INSERTION, DROP)), False, 0.3)
    yield Claim("and from deletion", lambda of: abs(of(DELETION, DROP)), False, 0.3)
    yield Claim("binarised at the median it agrees more with insertion",
                lambda of: of(DROPS["50%"], INSERTION) - of(DROP, INSERTION), True)


def mean_and_interval(numbers):
    """Of the mean over the methods: Student's, with one degree of freedom less than there are methods."""
    n = len(numbers)
    if n < 2:
        return [float("nan")] * 3
    mean = sum(numbers) / n
    deviation = (sum((value - mean) ** 2 for value in numbers) / (n - 1)) ** 0.5
    quantile = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365}[n]
    half = quantile * deviation / n ** 0.5
    return mean, mean - half, mean + half


def verdicts(networks, paper):
    body = []
    for claim in claims():
        line = [claim.text]
        for net in networks.values():
            found = mean_and_interval(claim.numbers(lambda of, a, b, net=net: net.pair(of, a, b)[0]))
            line.append(f"{cell(found)}: {claim.verdict(*found[1:])}")
        body.append(line)
    for ours in ("integrated-gradients", "smoothgrad"):
        line = [f"blurring the maps of {METHODS[ours]} lowers the average drop"]
        for net in networks.values():
            (plain_, low, high), (blurred, low_of_blurred, high_of_blurred) = net.mean(ours, DROP), net.mean(ours + " (+blur)", DROP)
            verdict = "holds" if high_of_blurred < low else "fails" if low_of_blurred > high else "undecided"
            line.append(f"{plain_:.1f} to {blurred:.1f}: {verdict}")
        body.append(line)
    return table(["claim: the number of each method, mean and interval over the methods", *map(titled, networks)], body)


def document(networks, pointed, paper):
    sections = [("What becomes of the claims", [("", verdicts(networks, paper))]),
                ("Do configurations of one metric agree?", consistency(networks, paper)),
                ("Do different metrics agree? (Table 2)", by_method(networks, paper, "Coherency Table 2", RELIABILITY)),
                ("Average drop binarised at the median (Table 3)", by_method(networks, paper, "Coherency Table 3", BINARISED)),
                ("Insertion and average drop at thresholds (Table A3a)", by_method(networks, paper, "Coherency Table A3 (a", thresholds(": insertion vs drop)", INSERTION))),
                ("Deletion and average drop at thresholds (Table A3b)", by_method(networks, paper, "Coherency Table A3 (b", thresholds(": deletion vs drop)", DELETION))),
                ("The pointing game (Tables 2 and A3c)", pointing(pointed, paper)),
                ("The metrics themselves (Table A2, the table of Figure 4)", values(networks, paper)),
                ("Where the values of maps lie (Figure 3)", densities(networks)),
                ("Mean curves (Figures 2, 4, A1, A2)", curves(networks))]
    n = ", ".join(f"{titled(network)} on {net.n} images" for network, net in (networks | pointed).items())
    yield f"Made by `make coherency-results`: {n}. In parentheses the paper's ResNet-50 on 5,000 images.\n"
    for title, tables in sections:
        yield f"### {title}\n"
        for name, text in tables:
            yield (f"{name}:\n\n" if name else "") + text


def main():
    folder, paper, path = pathlib.Path(sys.argv[1]), Paper(sys.argv[2]), pathlib.Path(sys.argv[3])
    of = lambda names: {name: Network(folder / name) for name in names if (folder / name / "correlate.csv").exists()}
    start, end = "<!-- written by pipelines/coherency/tables.py -->", "<!-- end -->"
    text = path.read_text()
    before, after = text[: text.index(start)], text[text.index(end):]
    path.write_text(f"{before}{start}\n\n" + "\n".join(document(of(NETWORKS), of(POINTED), paper)) + f"\n{after}")


if __name__ == "__main__":
    main()
