#!/usr/bin/env bash
# A vision transformer with a convolutional stem on CIFAR-10, from CIFAR10 (make cifar10) into a folder: vit.sh OUT
source "$(dirname "$0")/recipe.sh"
recipe vit --model cifar-vit-conv --epochs "${EPOCHS:-16}" --batch-size 64 --optimizer adamw --rate 1e-3 --decay 0.05 \
  --schedule cosine --warm-up 0.1 --smoothing 0.1 --crop 4 --flip
