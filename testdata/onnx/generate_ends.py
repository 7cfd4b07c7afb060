"""Writes small files that differ in how they end, and what onnxruntime and PyTorch answer. Needs ../requirements.txt.

`ends/expected.json`: for each file in `ends` its probabilities of `input.npy`, and the gradient of what is explained of class 1 (the score before
a sigmoid, or the probability where there is nothing else) summed over each image and colour, in PyTorch's float64."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
ENDS = HERE / "ends"
rng = np.random.default_rng(5)
x = np.load(HERE / "input.npy").astype(np.float32)
KERNEL = rng.normal(0, 0.4, (6, 3, 3, 3)).astype(np.float32)
HEADS = {n: (rng.normal(0, 2, (n, 6)).astype(np.float32), rng.normal(0, 0.5, n).astype(np.float32)) for n in (1, 3)}


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name=outputs.split()[0], **attributes)


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def save(name, classes, ends, outputs, head=None):
    """From the image over `features` and `pooled` to `z`, the scores, and then `ends`."""
    weight, bias = HEADS[head or classes]
    body = [
        node("Conv", "x kernel", "conv", strides=[2, 2]),
        node("Relu", "conv", "features"),
        node("GlobalAveragePool", "features", "pool"),
        node("Flatten", "pool", "pooled"),
        node("Gemm", "pooled weight bias", "z", transB=1),
    ]
    stored = {"kernel": KERNEL, "weight": weight, "bias": bias, "half": np.float32([0.5]), "one": np.float32([1]), "axes": np.int64([1])}
    used = {name for made in body + ends for name in made.input}
    graph = helper.make_graph(
        body + ends,
        name,
        [value("x", ["n", 3, 16, 16])],
        [value(*output) for output in outputs],
        [numpy_helper.from_array(array, key) for key, array in stored.items() if key in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, ENDS / f"{name}.onnx")


def run(name, output):
    session = onnxruntime.InferenceSession(ENDS / f"{name}.onnx", providers=["CPUExecutionProvider"])
    return session.run([output], {"x": x})[0].astype(np.float64)


def gradient(explained, classes):
    """Of a function of the scores, from plain PyTorch."""
    image = torch.from_numpy(x).double().requires_grad_()
    tensors = [torch.from_numpy(array).double() for array in (KERNEL, *HEADS[classes])]
    pooled = torch.relu(torch.nn.functional.conv2d(image, tensors[0], stride=2)).mean((2, 3))
    explained(pooled @ tensors[1].T + tensors[2]).sum().backward()
    return image.grad.sum((2, 3)).tolist()


def main():
    ENDS.mkdir(exist_ok=True)
    many, one = ["n", 3], ["n", 1]
    sigmoid, softmax = node("Sigmoid", "z", "y"), node("Softmax", "z", "y", axis=1)
    save("multilabel", 3, [sigmoid], [("y", many)])
    save("softmax", 3, [softmax], [("y", many)])
    save("score", 1, [], [("z", one)])
    save("probability", 1, [sigmoid], [("y", one)])
    save("squeezed", 1, [node("Sigmoid", "z", "p"), node("Squeeze", "p axes", "y")], [("y", ["n"])])
    both = [node("Softmax", "z", "s", axis=1), node("Sigmoid", "z", "t"), node("Add", "s t", "u"), node("Mul", "u half", "y")]
    save("mean", 3, both, [("y", many)])
    pair = [node("Sigmoid", "z", "p"), node("Sub", "one p", "q"), node("Concat", "q p", "y", axis=1)]
    save("pair", 2, pair, [("y", ["n", 2])], head=1)
    save("several", 3, [node("Neg", "z", "aux")], [("features", ["n", 6, 7, 7]), ("aux", many), ("z", many)])
    save("features", 3, [], [("features", ["n", 6, 7, 7]), ("z", many)])

    def logistic(z):
        return 1 / (1 + np.exp(-z))

    def beside(p):
        return np.concatenate([1 - p, p], 1)

    def softmaxed(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def second(z):
        return z[:, 1]

    def first(z):
        return z[:, 0]

    expected = {
        "multilabel": (run("multilabel", "y"), gradient(second, 3)),
        "softmax": (run("softmax", "y"), gradient(second, 3)),
        "score": (beside(logistic(run("score", "z"))), gradient(first, 1)),
        "probability": (beside(run("probability", "y")), gradient(first, 1)),
        "squeezed": (beside(run("squeezed", "y")[:, None]), gradient(first, 1)),
        "mean": (run("mean", "y"), gradient(lambda z: (torch.softmax(z, 1) + torch.sigmoid(z))[:, 1] / 2, 3)),
        "pair": (run("pair", "y"), gradient(lambda z: torch.sigmoid(z)[:, 0], 1)),
        "features": (softmaxed(run("features", "z")), gradient(second, 3)),
        "several:z": (softmaxed(run("several", "z")), gradient(second, 3)),
        "several:aux": (softmaxed(run("several", "aux")), gradient(lambda z: -z[:, 1], 3)),
    }
    rounded = lambda numbers: np.round(numbers, 9).tolist()
    lines = [
        f"  {json.dumps(name)}: {json.dumps({'probabilities': rounded(p), 'gradient': rounded(g)})}"
        for name, (p, g) in expected.items()
    ]
    (ENDS / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
