"""The peers' side: one process that stays up, with one network and the images in memory."""

import copy
import multiprocessing
import os
import sys
import time

COMPUTATIONS = {}


def peer(task, name):
    """Registers what `name` does for `task`: a function of a `Subject` that returns maps (n, h, w) or curves."""
    def register(function):
        COMPUTATIONS[task, name] = function
        return function

    return register


class Subject:
    """What is explained: the network, normalised images and the class of each, and the maps that curves follow."""

    def __init__(self, name, weights, paths, device):
        import torch
        from bench.network import Network, images

        self.network = Network(name, weights, device)
        self.net, self.fast, self.device = self.network.net, self.network.fast, device
        self.paths, self.x = paths, images(paths).to(device)
        with torch.no_grad():
            self.targets = torch.cat([self.fast(self.lay(x)).argmax(1) for x in self.x.split(8)])
        self.maps = self.ranks = None

    def first(self, count):
        part = copy.copy(self)
        for name in ("x", "targets", "maps", "ranks"):
            values = getattr(self, name)
            setattr(part, name, None if values is None else values[:count])
        return part

    def lay(self, x):
        return x.contiguous(memory_format=self.network.layout)

    def batches(self, size=8):
        return zip(self.x.split(size), self.targets.split(size))

    def follow(self, maps):
        """The rank of each pixel: perturb, too, sorts its maps beside the computation that it times."""
        import numpy as np
        import torch

        order = np.argsort(-maps.reshape(len(maps), -1), axis=1, kind="stable")
        self.maps, self.ranks = maps, torch.from_numpy(np.argsort(order, axis=1).reshape(maps.shape)).to(self.device)


def serve(connection, threads, *subject):
    """Answers each request with seconds and results in host memory."""
    os.environ["TQDM_DISABLE"] = "1"
    import torch
    from bench import libraries, loops  # noqa: F401  they fill COMPUTATIONS

    torch.set_num_threads(threads)
    subject = Subject(*subject)
    connection.send(None)
    for task, name, count, settings in iter(connection.recv, None):
        if name is None:
            subject.follow(settings["maps"])
            connection.send(None)
            continue
        part = subject.first(count)
        start = time.perf_counter()
        answer = COMPUTATIONS[task, name](part, **settings)
        connection.send((time.perf_counter() - start, answer))


def write_vit(path):
    from bench import network

    network.write_vit(path)


class Peer:
    """Our end of that process."""

    def __init__(self, threads, *subject):
        context = multiprocessing.get_context("spawn")
        self.connection, there = context.Pipe()
        self.process = context.Process(target=serve, args=(there, threads, *subject), daemon=True)
        self.process.start()
        there.close()
        self.receive()

    def receive(self):
        try:
            return self.connection.recv()
        except EOFError:
            sys.exit("the peers' process ended")

    def ask(self, task, name, count, settings):
        """Seconds and answer of a computation on the first `count` images."""
        self.connection.send((task, name, count, settings))
        return self.receive()

    def follow(self, maps):
        self.ask(None, None, None, {"maps": maps})

    def close(self):
        self.connection.send(None)
        self.process.join()


def prepare(path):
    """Writes the seeded ViT where it is missing, in a process of its own: PyTorch must not grow ours."""
    if not path.exists():
        process = multiprocessing.get_context("spawn").Process(target=write_vit, args=(path,))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{path} could not be written")
