"""A generator for `perturb -t inpaint:generator=sd`: --generator "sd=exec:python3 paint_diffusers.py FOLDER".

FOLDER holds an inpainting model of diffusers, such as Stable Diffusion 1.5's. Images and masks are brought to 512 x 512 pixels and
back by Pillow's bicubic filter, as the published code of the metric does."""
import sys

import numpy as np
import torch
from diffusers import AutoPipelineForInpainting
from PIL import Image

device = "cuda" if torch.cuda.is_available() else "cpu"
pipeline = AutoPipelineForInpainting.from_pretrained(sys.argv[1]).to(device)
pipeline.set_progress_bar_config(disable=True)
print("plumbline generator prompts=yes", flush=True)
for line in sys.stdin:
    images, masks, prompts, results = line.rstrip("\n").split("\t")
    images, masks, painted = np.load(images).astype(np.uint8), np.load(masks), []
    for image, mask, words in zip(images, masks, open(prompts)):
        seed, prompt = words.rstrip("\n").split("\t")
        large = Image.fromarray(image.transpose(1, 2, 0)).resize((512, 512), Image.BICUBIC)
        hole = Image.fromarray((255 * mask).astype(np.uint8)).convert("RGB").resize((512, 512), Image.BICUBIC)
        generator = torch.Generator(device).manual_seed(int(seed))
        result = pipeline(prompt, large, hole, generator=generator).images[0]
        painted.append(np.array(result.resize(image.shape[:0:-1], Image.BICUBIC)).transpose(2, 0, 1))
    np.save(results, np.stack(painted).astype(np.float32))
    print("ok", flush=True)
