"""Writes reference answers to parts and squares that are replaced alone (see README.md): one plain PyTorch loop each.

Run: python testdata/perturbation/generate_draws.py   Versions: testdata/requirements.txt (torch 2.15.0, numpy 2.4.6).
"""

import numpy as np
import torch

from generate import CLASSES, HERE, MEAN, N, NET, SIDE, STD, X, save


@torch.no_grad()
def answers(x, parts, fill, weight, target):
    """Probability, logit and mass for the image, then for each set of flat pixels replaced alone."""
    rows = []
    for part in [np.array([], int), *parts]:
        image = x.clone().reshape(3, N)
        image[:, part] = fill.expand(3, SIDE, SIDE).reshape(3, N)[:, part]
        logits = NET(image.reshape(1, 3, SIDE, SIDE))[0]
        rows.append([logits.softmax(0)[target], logits[target], weight(image, part)])
    return np.array(rows)


def squares(side):
    i, j = np.divmod(np.arange(N), SIDE)
    number = i // side * (SIDE // side) + j // side
    return [np.flatnonzero(number == cell) for cell in range(number.max() + 1)]


def main():
    values = np.load(HERE / "signed.npy").astype("f8").reshape(2, N)
    black = (0 - MEAN) / STD
    single, square = [], []
    for x, a, target in zip(X, values, CLASSES):
        single.append(answers(x, squares(8), black, lambda _, part: a[part].sum(), target))
        dot = lambda image, _: float(((x.reshape(3, N) - image) * torch.from_numpy(a)).sum())
        square.append(answers(x, squares(16), black, dot, target))
    save("signed.single", np.stack(single))
    save("signed.square", np.stack(square))


if __name__ == "__main__":
    main()
