"""A generator for `perturb -t inpaint:generator=migan`: --generator "migan=exec:python3 paint_migan.py migan_pipeline_v2.onnx".

MI-GAN (Sargsyan et al. 2023) as one ONNX file with its own resizing; it is told nothing and has no seed."""
import sys

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1])
print("plumbline generator prompts=no", flush=True)
for line in sys.stdin:
    images, masks, _, results = line.rstrip("\n").split("\t")
    images, masks = np.load(images).astype(np.uint8), np.load(masks) > 0
    known = np.where(masks, 0, 255).astype(np.uint8)[:, None]
    painted = [
        session.run(None, {"image": images[i : i + 1], "mask": known[i : i + 1]})[0][0] for i in range(len(images))
    ]
    np.save(results, np.stack(painted).astype(np.float32))
    print("ok", flush=True)
