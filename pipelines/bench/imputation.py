"""ROAD's imputation alone: the masks of nine levels in both orders, and our solver."""

import os

import numpy as np

from bench import ours

LEVELS = range(10, 100, 10)
# Of a value between 0 and 1; what `perturb` asks for.
ACCURACY, ROUNDS = 1e-5, 5


def masks(maps, kind):
    """(n, 18, h, w), true where a pixel is missing: of the maps, or of as many random ones."""
    maps = np.random.default_rng(0).random(maps.shape) if kind == "random" else maps
    missing = np.zeros((len(maps), 2 * len(LEVELS), maps[0].size), bool)
    for of_map, values in zip(missing, maps.reshape(len(maps), -1)):
        orders = [np.argsort(sign * values, kind="stable") for sign in (-1, 1)]
        for mask, (order, percent) in zip(of_map, ((order, percent) for order in orders for percent in LEVELS)):
            mask[order[: len(order) * percent // 100]] = True
    return missing.reshape(len(maps), -1, *maps.shape[1:])


def planes(paths):
    """The pixels that the preset `imagenet` shows to a network, (n, 3, 224, 224)."""
    from PIL import Image

    crop = lambda path: np.asarray(Image.open(path), "<f4")[16:240, 16:240].transpose(2, 0, 1) / 255
    return np.stack([crop(path) for path in paths])


def impute(args, paths, missing):
    """Seconds for each image, the least of some rounds, and what the example `impute` makes of it."""
    files = [args.out / f"impute.{name}.npy" for name in ("planes", "masks", "imputed")]
    np.save(files[0], planes(paths))
    np.save(files[1], missing.astype("<f4"))
    os.environ["RAYON_NUM_THREADS"] = str(args.threads)
    printed = ours.run([args.bin / "examples/impute", *files, ACCURACY, ROUNDS])
    return sum(map(float, printed.split())) / len(paths), np.load(files[2])
