"""The statistics of the studies. Only the standard library."""

import functools
import math
import random

LEVEL = 1.959963984540054  # the normal quantile of a 95 % interval
FEWEST = 10  # of fewer images an interval says nothing


def wilson(hits, count):
    """Wilson's score interval of a share (Wilson 1927)."""
    if not count:
        return math.nan, math.nan
    share, square = hits / count, LEVEL * LEVEL
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = LEVEL / (1 + square / count) * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def kendall(a, b):
    """Kendall's tau-b; NaN if all of one side are equal."""
    order = [(x > y) - (x < y) for i, x in enumerate(a) for y in a[:i]]
    other = [(x > y) - (x < y) for i, x in enumerate(b) for y in b[:i]]
    norm = math.sqrt(sum(map(abs, order)) * sum(map(abs, other)))
    return sum(map(int.__mul__, order, other)) / norm if norm else math.nan


def ranks(values):
    """From 1; equal values share the mean of their places."""
    places = {}
    for place, value in enumerate(sorted(values), 1):
        places.setdefault(value, []).append(place)
    return [sum(places[value]) / len(places[value]) for value in values]


def spearman(a, b):
    a, b = ranks(a), ranks(b)
    middle = (len(a) + 1) / 2
    norm = math.sqrt(sum((x - middle) ** 2 for x in a) * sum((y - middle) ** 2 for y in b))
    return sum((x - middle) * (y - middle) for x, y in zip(a, b)) / norm if norm else math.nan


def sign_test(wins, losses):
    """The exact p-value, two-sided, of so many wins and losses if both are as probable; ties are left out."""
    count, least = wins + losses, min(wins, losses)
    if wins == losses:
        return 1.0
    return min(1.0, sum(math.comb(count, k) for k in range(least + 1)) / 2 ** (count - 1))


def holm(p_values):
    """Holm's adjusted p-values, in the order of `p_values`."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for place, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, (len(p_values) - place) * p_values[i])
        adjusted[i] = min(1.0, highest)
    return adjusted


@functools.cache
def resamples(count, draws, seed=0):
    """`draws` lists of `count` places, drawn with replacement."""
    generator = random.Random(seed)
    return [generator.choices(range(count), k=count) for _ in range(draws)]


def interval(values):
    """The 2.5th and 97.5th percentile, between neighbours by their distance; what is NaN is left out."""
    ordered = sorted(value for value in values if not math.isnan(value))
    if not ordered:
        return math.nan, math.nan

    def percentile(share):
        place = share * (len(ordered) - 1)
        low = math.floor(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (place - low) * (ordered[high] - ordered[low])

    return percentile(0.025), percentile(0.975)


def mean(values):
    return math.fsum(values) / len(values) if values else math.nan


def mean_interval(values, draws=1000, seed=0):
    """The mean and the percentile bootstrap of it."""
    picked = resamples(len(values), draws, seed)
    return mean(values), *interval([sum(map(values.__getitem__, draw)) / len(values) for draw in picked if values])


def verdict(side, limit, count, low, high):
    """What becomes of a claim that a mean lies above (1) or below (-1) a limit: its whole interval must."""
    if count < FEWEST or low <= limit <= high:
        return "undecided"
    return "holds" if (low > limit) == (side > 0) else "fails"
