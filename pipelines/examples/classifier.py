"""A classifier that is a program of docs/exec.md, asked from Python. To be imported, not run."""
import subprocess
import tempfile

import numpy as np

import stage


class Classifier:
    """`exec:COMMAND`, as `--model` of the tools takes it; it runs until this program ends."""

    def __init__(self, model):
        self.command, self.folder = model.removeprefix("exec:"), tempfile.TemporaryDirectory()
        self.program = subprocess.Popen(self.command, shell=True, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        hello = self.program.stdout.readline().split()
        if hello[:1] != ["plumbline"] or "classes=1" in hello:
            stage.fail(f"`{self.command}` is no classifier of two classes or more: it says `{' '.join(hello)}`")
        self.gives_logits = "scores=logits" in hello

    def probabilities(self, batch):
        """Of images (n, channels, H, W): (n, classes)."""
        images, scores = f"{self.folder.name}/images.npy", f"{self.folder.name}/scores.npy"
        np.save(images, batch.astype("<f4"))
        try:
            print(images, scores, sep="\t", file=self.program.stdin, flush=True)
            answer = self.program.stdout.readline().strip() or "it has ended"
            scores = np.load(scores).astype(float) if answer == "ok" else None
        except (OSError, ValueError) as error:
            answer = error
        if answer != "ok":
            stage.fail(f"`{self.command}` gives no scores: {answer}")
        if self.gives_logits:
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            scores /= scores.sum(axis=1, keepdims=True)
        return scores
