"""A classifier without weights, to try things on: is an image red, green or blue? --model "exec:python3 serve_colours.py" --preprocess none."""
import sys

import numpy as np

print("plumbline classes=3 scores=logits", flush=True)
for line in sys.stdin:
    images, scores = line.rstrip("\n").split("\t")
    # The root mean square of each channel: what shines counts more than what is everywhere.
    np.save(scores, 20 * np.sqrt((np.load(images) ** 2).mean(axis=(2, 3))))
    print("ok", flush=True)
