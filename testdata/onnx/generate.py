"""Writes the ONNX files here and what PyTorch answers. Needs ../requirements.txt."""

from pathlib import Path

import numpy as np
import onnx
import torch
from captum.attr import IntegratedGradients
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from safetensors.torch import save_file
from exports import answers, export, images, save, settle
from tiny_networks import NETWORKS, REARRANGED, SIDE

HERE = Path(__file__).parent
# Operator set, newer exporter, any number of images.
KINDS = {"11.fixed": (11, False, False), "17.free": (17, False, True), "newest.fixed": (None, True, False), "newest.free": (None, True, True)}


def strip(path):
    """Without what no reader needs but most of a small file's bytes are: the exporter's notes on where things came from,
    the long names of values between nodes (they become numbers), and the names of constants."""
    model = onnx.load(path)
    graph = model.graph
    del model.metadata_props[:], graph.value_info[:], graph.metadata_props[:]
    kept = {value.name for value in [*graph.input, *graph.output, *graph.initializer]}
    short = {}
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
        if node.op_type in ("Constant", "Shape", "Unsqueeze", "Cast", "Identity"):
            node.name = ""
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name and name not in kept:
                    names[i] = short.setdefault(name, str(len(short)))
    for value in [*graph.input, *graph.output, *graph.initializer]:
        del value.metadata_props[:]
        value.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, path)


def patches(tokens):
    """Tokens as maps, without the class token: (n, 1 + h w, c) to (n, c, h, w)."""
    side = int((tokens.shape[1] - 1) ** 0.5)
    return tokens[:, 1:].reshape(len(tokens), side, side, -1).permute(0, 3, 1, 2)


def attributions(net, layer, transform, x, classes):
    """pytorch-grad-cam's GradCAM at feature resolution, before it scales the map to 0..1, and Captum's integrated
    gradients, summed over the channels."""
    with GradCAM(net, [layer], reshape_transform=transform) as cam:
        cam(x, [ClassifierOutputTarget(int(c)) for c in classes])
        seen = cam.activations_and_grads
        values, gradients = seen.activations[0].detach().numpy(), seen.gradients[0].detach().numpy()
        gradcam = np.maximum(cam.get_cam_image(x, None, None, values, gradients, False), 0)
    integrated = IntegratedGradients(net).attribute(x, 0.0, torch.as_tensor(classes), n_steps=50)
    return {"gradcam": gradcam, "integrated_gradients": integrated.sum(1).detach().numpy()}


# The layers of Grad-CAM.
LAYERS = {
    "tiny_resnet": lambda net: (net.layer2, None),
    "tiny_vit": lambda net: (net.blocks[-1].norm1, patches),
}


def wanted(name, kind):
    """Small is beautiful: a second file of the newest kind only where the images are moved around, and of the network
    that only collects operators none that holds the same as another."""
    return (kind != "newest.fixed" or name in REARRANGED) and (name, kind) != ("mixed", "17.free")


def main():
    torch.set_num_threads(1)
    x = images(2, SIDE, 200).half().float()
    np.save(HERE / "input.npy", x.numpy().astype("<f2"))
    for seed, (name, build) in enumerate(NETWORKS.items()):
        net = settle(build(), images(16, SIDE, 100 + seed), seed)
        logits, gradient = answers(net.double(), x.double())
        save(f"{HERE / name}.", {"logits": logits, "gradient": gradient}, "<f2")
        if name in LAYERS:
            save(f"{HERE / name}.", attributions(net, *LAYERS[name](net), x.double().requires_grad_(), logits.argmax(1)), "<f2")
        if name == "tiny_vit":
            save_file({key: value.float() for key, value in net.state_dict().items()}, HERE / f"{name}.safetensors")
        net.float()
        for kind, (opset, dynamo, free) in KINDS.items():
            path = HERE / f"{name}.{kind}.onnx"
            if wanted(name, kind) and export(net, x, path, opset, dynamo, free):
                strip(path)


if __name__ == "__main__":
    main()
