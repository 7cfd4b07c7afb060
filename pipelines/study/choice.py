"""Which images are shown: those where two metrics favour different methods."""
import collections
import hashlib
import math

import tables

KEY = ["question", "group", "image", "target", "model", "method_a", "method_b", "left", "right", "disagreement"]


def read(files, metrics):
    """{(model, metric): {(image, target): {method: how good}}}, of which more is better."""
    scores = collections.defaultdict(lambda: collections.defaultdict(dict))
    for path in files:
        for line, row in tables.rows(path, ["image", "target", "method", "metric", "direction", "value"]):
            if row["metric"] not in metrics:
                continue
            if row["direction"] not in ("higher", "lower"):
                raise tables.Damaged(f"{path}, line {line}: the direction is `{row['direction']}`, not higher or lower")
            item, sign = (row["image"], row["target"]), 1 if row["direction"] == "higher" else -1
            of_item = scores[row.get("model", ""), row["metric"]][item]
            if row["method"] in of_item:
                raise tables.Damaged(f"{path}, line {line}: {row['image']}, {row['method']}, {row['metric']} has two values")
            of_item[row["method"]] = sign * number(row["value"], path, line)
    for metric in metrics:
        if not any(metric == other for _, other in scores):
            raise tables.Damaged(f"{', '.join(files)}: no row is of the metric {metric}")
    return scores


def number(cell, path, line):
    try:
        return float(cell or "nan")
    except ValueError:
        raise tables.Damaged(f"{path}, line {line}: the value `{cell}` is not a number") from None


def questions(scores, args):
    """At most `-n` questions for each model and baseline; no image is in two of them."""
    groups = {}
    for model in sorted({model for model, _ in scores}):
        for baseline in args.against:
            if (model, args.metric) in scores and (model, baseline) in scores:
                name = f"{model}: {args.metric} | {baseline}" if model else f"{args.metric} | {baseline}"
                groups[name] = disputed(name, model, scores[model, args.metric], scores[model, baseline])
    if args.choose == "largest":
        rank = lambda question: (-question["disagreement"], question["image"], question["target"])
    else:
        rank = lambda question: drawn(args.seed, "choice", question)
    waiting = {name: sorted(group, key=rank, reverse=True) for name, group in groups.items()}
    chosen = take_turns(waiting, args.n)
    for name, group in groups.items():
        count = sum(question["group"] == name for question in chosen)
        tables.note(f"{name}: {count} of the {len(group)} images where the two favour different methods ({args.choose})")
    if not chosen:
        raise tables.Damaged("no image where the two metrics favour different methods")
    return chosen


def take_turns(waiting, limit):
    """Each group takes its next image that no other one has, until each has enough."""
    chosen, seen = [], set()
    for _ in range(limit):
        for group in waiting.values():
            while group and group[-1]["image"] in seen:
                group.pop()
            if group:
                chosen.append(group.pop())
                seen.add(chosen[-1]["image"])
    return chosen


def disputed(name, model, first, second):
    """The images where the favourites differ, each with how sure of it the less sure metric is: by how many standard
    deviations of its values over all images and methods it puts its own favourite over the other's."""
    methods = {method for values in [*first.values(), *second.values()] for method in values}
    whole = lambda values: values.keys() == methods and all(map(math.isfinite, values.values()))
    items = sorted(item for item in first.keys() & second.keys() if whole(first[item]) and whole(second[item]))
    missing = len(first.keys() | second.keys()) - len(items)
    if missing:
        tables.note(f"{name}: {missing} images are left out: a method has no number there")
    spread = [deviation([value for item in items for value in scores[item].values()]) for scores in (first, second)]
    found = []
    for item in items:
        a, b = favourite(first[item]), favourite(second[item])
        if a is None or b is None or a == b:
            continue
        gaps = (first[item][a] - first[item][b]) / spread[0], (second[item][b] - second[item][a]) / spread[1]
        found.append({"group": name, "image": item[0], "target": item[1], "model": model, "method_a": a, "method_b": b,
                      "disagreement": min(gaps)})
    return found


def favourite(values):
    """The best method, if it is one."""
    best = max(values.values())
    names = [method for method, value in values.items() if value == best]
    return names[0] if len(names) == 1 else None


def deviation(values):
    mean = math.fsum(values) / max(len(values), 1)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / max(len(values), 1))


def drawn(seed, what, question):
    """A number that depends on the seed and the question only."""
    text = "\0".join([str(seed), what, question["group"], question["image"], question["target"]])
    return hashlib.sha256(text.encode()).hexdigest()


def key(questions, seed):
    """The questions in the order in which they are asked, with their names and sides: the first metric's favourite is on the
    left in half of each group."""
    sides = {}
    for group in {question["group"] for question in questions}:
        of_group = sorted((q for q in questions if q["group"] == group), key=lambda q: drawn(seed, "side", q))
        flip = int(drawn(seed, "first side", of_group[0]), 16) % 2
        sides.update({(group, q["image"]): (at + flip) % 2 == 0 for at, q in enumerate(of_group)})
    asked = sorted(questions, key=lambda question: drawn(seed, "order", question))
    study = hashlib.sha256(repr([sorted(question.items()) for question in asked] + [seed]).encode()).hexdigest()[:6]
    rows = []
    for at, question in enumerate(asked):
        both = [question["method_a"], question["method_b"]]
        left, right = both if sides[question["group"], question["image"]] else reversed(both)
        rows.append({"question": f"{study}-{at + 1:03}", **question, "left": left, "right": right})
    return rows
