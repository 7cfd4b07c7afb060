"""Keras' ResNet-50, as tfjs stores it, to `.safetensors` with torchvision's names. Standard library only.

Keras' network takes blue, green and red of 0..255 minus a mean, has biases before its BatchNorm and another epsilon. All
of that is folded into the weights, so that the result takes the usual normalised RGB input: `explain --model resnet50-v1`.
"""
import json
import re
import struct
import sys
from array import array

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
KERAS_MEAN = (123.68, 116.779, 103.939)
KERAS_EPSILON, EPSILON = 1e-3, 1e-5


def read_tfjs(manifest, shard):
    """Tensors by name, each a shape and an array of float32; `shard(path)` gives the bytes of a file."""
    tensors = {}
    for group in manifest["weightsManifest"]:
        data, start = b"".join(shard(path) for path in group["paths"]), 0
        for weight in group["weights"]:
            count = 1
            for length in weight["shape"]:
                count *= length
            if weight["dtype"] != "float32" or len(data) < start + 4 * count:
                sys.exit(f"{weight['name']}: {weight['dtype']}, {len(data) - start} bytes for {count} numbers")
            values = array("f", data[start:start + 4 * count])
            if sys.byteorder == "big":
                values.byteswap()
            tensors[weight["name"]] = weight["shape"], values
            start += 4 * count
    return tensors


def convert(keras):
    """torchvision's tensors."""
    out = {}
    for name in sorted({name.split("/")[0] for name in keras}):
        if name == "fc1000":
            (inputs, outputs), kernel = keras["fc1000/kernel"]
            out["fc.weight"] = [outputs, inputs], transpose(kernel, inputs, outputs)
            out["fc.bias"] = keras["fc1000/bias"]
        elif not name.startswith("bn"):
            conv, norm = names(name)
            keras_norm = "bn_conv1" if name == "conv1" else name.replace("res", "bn")
            layer(out, keras, name, keras_norm, conv, norm)
    return out


def names(name):
    """Of a convolution and its BatchNorm: `res2a_branch2b` is `layer1.0.conv2` and `layer1.0.bn2`."""
    if name == "conv1":
        return "conv1", "bn1"
    stage, block, branch = re.fullmatch(r"res(\d)([a-z])_branch(1|2[abc])", name).groups()
    prefix = f"layer{int(stage) - 1}.{ord(block) - ord('a')}"
    if branch == "1":
        return f"{prefix}.downsample.0", f"{prefix}.downsample.1"
    index = "abc".index(branch[1]) + 1
    return f"{prefix}.conv{index}", f"{prefix}.bn{index}"


def layer(out, keras, name, keras_norm, conv, norm):
    """One convolution without its bias, and its BatchNorm."""
    (h, w, inputs, outputs), kernel = keras[f"{name}/kernel"]
    kernel = transpose(kernel, h * w * inputs, outputs)  # out, h, w, in
    shift = keras[f"{name}/bias"][1]
    if name == "conv1":
        kernel, shift = first(kernel, shift, h * w)
    weight, area = array("f", kernel), h * w
    for o in range(outputs):
        one = kernel[o * area * inputs:(o + 1) * area * inputs]
        weight[o * area * inputs:(o + 1) * area * inputs] = transpose(one, area, inputs)
    out[f"{conv}.weight"] = [outputs, inputs, h, w], weight
    for ours, theirs in {"weight": "gamma", "bias": "beta"}.items():
        out[f"{norm}.{ours}"] = keras[f"{keras_norm}/{theirs}"]
    mean, variance = (keras[f"{keras_norm}/moving_{part}"][1] for part in ("mean", "variance"))
    out[f"{norm}.running_mean"] = [outputs], array("f", [m - s for m, s in zip(mean, shift)])
    out[f"{norm}.running_var"] = [outputs], array("f", [v + KERAS_EPSILON - EPSILON for v in variance])


def first(kernel, shift, area):
    """The first kernel for `n` with `255 (n STD + MEAN) - KERAS_MEAN` in its place, red first; the shift it makes."""
    turned, shift = array("f", kernel), array("d", shift)
    for i in range(0, len(kernel), 3):
        for c in range(3):
            value = kernel[i + 2 - c]
            turned[i + c] = value * 255 * STD[c]
            shift[i // (3 * area)] += value * (255 * MEAN[c] - KERAS_MEAN[c])
    return turned, shift


def transpose(values, rows, columns):
    """A matrix, row by row, turned."""
    turned = array("f", bytes(4 * len(values)))
    for row in range(rows):
        turned[row::rows] = values[row * columns:(row + 1) * columns]
    return turned


def safetensors(tensors):
    """The bytes of a file."""
    header, parts, start = {"__metadata__": {"format": "pt"}}, [], 0
    for name, (shape, values) in tensors.items():
        little = array("f", values)
        if sys.byteorder == "big":
            little.byteswap()
        parts.append(little.tobytes())
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, start + len(parts[-1])]}
        start += len(parts[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)
