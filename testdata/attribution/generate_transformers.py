"""Writes reference attributions of the small ViT and ConvNeXt of testdata/models (see README.md).

Run: python testdata/attribution/generate_transformers.py        Versions: testdata/requirements.txt.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from captum.attr import IntegratedGradients
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "models"))
from tiny_transformers import load, patches  # noqa: E402

CLASSES = torch.tensor([3, 7])


def save(path, values):
    path = HERE / f"{path}.npy"
    path.parent.mkdir(exist_ok=True)
    np.save(path, np.ascontiguousarray(values, dtype="<f4"))


def gradcam(net, x, layer, reshape):
    """pytorch-grad-cam's GradCAM at feature resolution, before it scales the map to 0..1."""
    with GradCAM(net, [layer], reshape_transform=reshape) as cam:
        cam(x, [ClassifierOutputTarget(int(c)) for c in CLASSES])
        seen = cam.activations_and_grads
        values, gradients = seen.activations[0].detach().numpy(), seen.gradients[0].detach().numpy()
        return np.maximum(cam.get_cam_image(x, None, None, values, gradients, False), 0)


if __name__ == "__main__":
    torch.set_num_threads(1)
    x = torch.from_numpy(np.load(HERE.parent / "models/input.npy")).double()
    vit, convnext = load("tiny_vit"), load("tiny_convnext")
    save("tiny_vit/gradcam", gradcam(vit, x, vit.blocks[-1].norm1, patches))
    save("tiny_vit/gradcam_norm2", gradcam(vit, x, vit.blocks[0].norm2, patches))
    save("tiny_convnext/gradcam", gradcam(convnext, x, convnext.stages[-1], None))
    for name, net in {"tiny_vit": vit, "tiny_convnext": convnext}.items():
        attribution = IntegratedGradients(net).attribute(x[:1], 0.0, CLASSES[:1], n_steps=50)
        save(f"{name}/integrated_gradients", attribution.sum(1).numpy())
