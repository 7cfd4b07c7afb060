"""ViT, DeiT and ConvNeXt at full size as timm and torchvision define them, with seeded weights."""

import sys
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import save_file
from torchvision import models

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "testdata/models"))
from tiny_transformers import (TIMM_CONVNEXT, TORCHVISION_CONVNEXT, features, halves, randomise, timm_vit_places,  # noqa: E402
                          torchvision_vit_places)

TIMM_VITS = {
    "vit-t16": "vit_tiny_patch16_224", "vit-s16": "vit_small_patch16_224", "vit-s32": "vit_small_patch32_224",
    "vit-b16": "vit_base_patch16_224", "vit-b32": "vit_base_patch32_224", "deit-t16": "deit_tiny_patch16_224",
    "deit-s16": "deit_small_patch16_224", "deit-b16": "deit_base_patch16_224",
    "deit-t16-distilled": "deit_tiny_distilled_patch16_224", "deit-s16-distilled": "deit_small_distilled_patch16_224",
    "deit-b16-distilled": "deit_base_distilled_patch16_224",
}
TORCHVISION_VITS = {"vit-b16": "vit_b_16", "vit-b32": "vit_b_32"}


def full():
    """Folder, constructor and the places of three features, of each architecture and layout of its weights."""
    for ours, theirs in TIMM_VITS.items():
        yield ours, lambda theirs=theirs: timm.create_model(theirs), timm_vit_places(11)
    for ours, theirs in TORCHVISION_VITS.items():
        yield f"{ours}@torchvision", lambda theirs=theirs: models.get_model(theirs, weights=None), torchvision_vit_places(11)
    for size in ["tiny", "small", "base", "large"]:
        yield f"convnext-{size}", lambda size=size: timm.create_model(f"convnext_{size}"), TIMM_CONVNEXT
        theirs = lambda size=size: models.get_model(f"convnext_{size}", weights=None)
        yield f"convnext-{size}@torchvision", theirs, TORCHVISION_CONVNEXT


@torch.no_grad()
def write_seeded(folder, only):
    """Writes seeded weights as f16 (timm's as .safetensors, torchvision's as .pth), two inputs, logits and three features
    of each architecture whose name starts with one of `only`. Computed in float64."""
    for seed, (name, make, places) in enumerate(full(), 300):
        if only and not any(name.startswith(prefix) for prefix in only):
            continue
        place = folder / name
        (place / "features").mkdir(parents=True, exist_ok=True)
        net = randomise(make(), seed)
        if name.endswith("torchvision"):
            torch.save(halves(net), place / "weights.pth")
        else:
            save_file(halves(net), place / "weights.safetensors")
        x = torch.randn(2, 3, 224, 224)
        logits, values = features(net.double(), x.double(), places)
        for path, value in {"input": x, "logits": logits, **{f"features/{key}": v for key, v in values.items()}}.items():
            np.save(place / f"{path}.npy", value.numpy().astype("<f4"))
        apart = (logits[0] - logits[1]).abs().mean()
        print(f"{name}: logits have the deviation {logits.std():.2f}; the two images differ by {apart:.2f}", flush=True)
