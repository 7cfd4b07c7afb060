"""Our time over that of PyTorch, Captum, pytorch-grad-cam, zennit and Quantus: `python pipelines/bench --help`."""
