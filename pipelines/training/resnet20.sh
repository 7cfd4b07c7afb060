#!/usr/bin/env bash
# ResNet-20 on CIFAR-10, from CIFAR10 (make cifar10) into a folder: resnet20.sh OUT
source "$(dirname "$0")/recipe.sh"
recipe resnet20 --model cifar-resnet20 --epochs "${EPOCHS:-30}" --batch-size 128 --optimizer sgd --rate 0.4 --decay 5e-4 \
  --schedule one-cycle --warm-up 0.25 --crop 4 --flip
