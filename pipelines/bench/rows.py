"""The rows of the table: what is computed, by whom, on which networks."""

from dataclasses import dataclass

NETWORKS = ("resnet50-v1", "mobilenet-v2", "vit-b16")
CONVOLUTIONAL, RESNET, TRANSFORMER = NETWORKS[:2], NETWORKS[:1], NETWORKS[2:]
LOOP = "PyTorch loop"
RUNTIME = "ONNX Runtime"
APART = "each metric apart"
ONE = 10**6


@dataclass(frozen=True)
class Row:
    """`kind` is `pass` (through the example `pass` of models), `maps` (explain), `curves` or, of several lengths, `answers`
    (perturb), or `imputation` (through the example `impute` of perturbation)."""

    task: str
    kind: str
    specs: tuple
    peers: tuple
    forwards: int  # of one image, a pass back counted as two
    networks: tuple = NETWORKS  # without --networks
    fits: tuple = NETWORKS
    settings: tuple = ()  # keywords of the peers' functions

    @property
    def label(self):
        return " ".join(self.specs)


def rows(masks, samples):
    """Everything that can be measured, with so many masks of RISE and samples of Kernel SHAP."""
    curves = ("deletion:fill=black,steps=100", "insertion:fill=blur,steps=100")
    family = {"networks": RESNET, "fits": CONVOLUTIONAL}
    transformer = {"networks": TRANSFORMER, "fits": TRANSFORMER}
    shap = f"kernel-shap:samples={samples},segments=grid,cells=8"
    return [
        Row("forward", "pass", ("forward",), ("PyTorch", RUNTIME), 1),
        Row("backward", "pass", ("forward and backward to the input",), ("PyTorch",), 3),
        Row("gradcam", "maps", ("gradcam",), ("pytorch-grad-cam", LOOP), 3),
        Row("integrated-gradients", "maps", ("integrated-gradients:steps=50",), ("Captum", LOOP), 150),
        Row("occlusion", "maps", ("occlusion:window=32,stride=16",), ("Captum", LOOP), 170),
        Row("deletion", "curves", curves[:1], (LOOP,), 101),
        # Quantus takes away a number of values that divides the pixels, and a pixel has three: 32 * 3 steps come closest.
        Row("pixel-flipping", "curves", ("deletion:fill=zero,steps=96",), ("Quantus", LOOP), 97),
        Row("curves", "curves", curves, (LOOP,), 202),
        Row("quantus-curves", "curves", ("deletion:fill=zero,steps=96", "insertion:fill=zero,steps=96"), ("Quantus", LOOP), 194),
        # BEE's eight metrics: two of each test. The other side is our own, which runs a test for each metric.
        Row("together", "answers", ("pos", "neg", "mask", "information"), (APART,), 30),
        # The peer spends its time on sparse systems: one image in a run, whatever --forwards.
        Row("road", "curves", ("road:noise=0", "road:noise=0,order=lerf"), ("pytorch-grad-cam",), ONE, **family),
        *(Row(f"imputation-{kind}", "imputation", (f"imputation of a {kind} map",), ("pytorch-grad-cam",), ONE, **family,
              settings=(("kind", kind),)) for kind in ("gradcam", "random")),
        # A row for each family of methods.
        Row("smoothgrad", "maps", ("smoothgrad:samples=25",), ("Captum",), 75, RESNET),
        Row("lrp", "maps", ("lrp:preset=epsilon-plus",), ("zennit",), 6, RESNET, RESNET),
        Row("rollout", "maps", ("rollout",), (LOOP,), 1, **transformer),
        Row("gae", "maps", ("gae",), (LOOP,), 3, **transformer),
        Row("kernel-shap", "maps", (shap,), ("Captum",), samples + 2, RESNET, settings=(("samples", samples),)),
        Row("ablation-cam", "maps", ("ablation-cam",), ("pytorch-grad-cam",), 2049, **family),
        Row("scorecam", "maps", ("scorecam",), ("pytorch-grad-cam",), 2049, **family),
        Row("rise", "maps", (f"rise:masks={masks}",), (LOOP,), masks, RESNET, settings=(("masks", masks),)),
    ]
