"""Writes `maps.json`: a map of 9 x 14 values under the steps that come after an explanation method.

Run: python testdata/stats/generate_maps.py   Versions: testdata/requirements.txt (torchvision 0.29.2, saliency 0.2.1, numpy
2.4.6). The map is `10 sin(0.37 (i + 1)^2)` at pixel i, in float64; torchvision blurs, PAIR's saliency and NumPy scale.
"""

import json
from pathlib import Path

import numpy as np
import torch
from saliency.core import VisualizeImageGrayscale
from torchvision.transforms import GaussianBlur


def blur(x, kernel, sigma):
    return GaussianBlur(kernel, sigma)(torch.from_numpy(x)[None])[0].numpy()


def unit(x, low=0, high=100):
    low, high = np.percentile(x, [low, high])
    return np.clip((x - low) / (high - low), 0, 1)


def main():
    x = 10 * np.sin(0.37 * (np.arange(9 * 14) + 1.0) ** 2).reshape(9, 14)
    cases = {
        "blur 3 0.8": blur(x, 3, 0.8),
        "blur 11 5": blur(x, 11, 5.0),
        "range 0 100": unit(x),
        "range 2.5 97.5": unit(x, 2.5, 97.5),
        "largest 98": np.clip(x / np.percentile(np.abs(x), 98), -1, 1),
        # The sum of magnitudes over one channel, clipped at the 99th percentile.
        "pair": VisualizeImageGrayscale(x[:, :, None]),
        # The Coherency study, section 4.4.
        "coherency": unit(blur(unit(np.maximum(x, 0)), 11, 5.0)),
    }
    lines = [f'"{name}": {json.dumps([round(v, 9) for v in map.ravel().tolist()])}' for name, map in cases.items()]
    Path(__file__).with_name("maps.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
