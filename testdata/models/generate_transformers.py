"""Writes the small ViTs and ConvNeXts of this folder, with logits and features (see README.md).

Run after generate.py: python testdata/models/generate_transformers.py        Versions: testdata/requirements.txt.
"""

import numpy as np
import torch
from safetensors.torch import save_file
from tiny_transformers import (HERE, NETWORKS, TIMM_CONVNEXT, TORCHVISION_CONVNEXT, features, halves, load, randomise,
                          timm_vit_places, torchvision_vit_places)

PLACES = {
    "tiny_vit": timm_vit_places(1),
    "tiny_vit_torchvision": torchvision_vit_places(1),
    "tiny_deit": timm_vit_places(1),
    "tiny_convnext": TIMM_CONVNEXT,
    "tiny_convnext_torchvision": TORCHVISION_CONVNEXT,
}


def save(name, values):
    np.save(HERE / f"{name}.npy", np.ascontiguousarray(values.numpy(), dtype="<f4"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    x = torch.from_numpy(np.load(HERE / "input.npy")).double()
    for seed, (name, places) in enumerate(PLACES.items(), 20):
        save_file(halves(randomise(NETWORKS[name](), seed)), HERE / f"{name}.safetensors")
        logits, values = features(load(name), x, places)
        apart = (logits[0] - logits[1]).abs().mean()
        print(f"{name}: logits have the deviation {logits.std():.2f}; the two images differ by {apart:.2f}")
        save(f"{name}.logits", logits)
        for place, value in values.items():
            save(f"{name}.{place}", value)
