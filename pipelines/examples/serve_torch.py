"""A classifier of torchvision for `explain` and `perturb`: --model "exec:python3 serve_torch.py NAME WEIGHTS.pth"."""
import sys

import numpy as np
import torch
import torchvision

name, weights = sys.argv[1:]
model = torchvision.models.get_model(name).eval()
model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
print("plumbline classes=1000 scores=logits", flush=True)
for line in sys.stdin:
    images, scores = line.rstrip("\n").split("\t")
    with torch.inference_mode():
        logits = model(torch.from_numpy(np.load(images)))
    np.save(scores, logits.numpy())
    print("ok", flush=True)
