#!/usr/bin/env bash
# CIFAR ResNet-56 on test images of CIFAR-10, from PLUMBLINE_DATA.
set -euo pipefail
out=${1:-out/cifar}
count=${2:-500}
here=$(dirname "$0")
data=${PLUMBLINE_DATA:-../shared/data}
model=(--model cifar-resnet56 --weights "$data/weights/cifar10-resnet56.safetensors")
methods=(random gradient input-x-gradient smoothgrad:samples=25 integrated-gradients:steps=25 guided-backprop gradcam
  layercam occlusion:window=8,stride=4 rise:masks=100)
tests=(deletion:fill=zero insertion:fill=zero pos:fill=zero neg:fill=zero mask:fill=zero
  mask:fill=zero,percentile={50,75,90},ties=all)
mkdir -p "$out"
python3 "$here/cifar_png.py" "$data/cifar10" "$out" "$count"
images=(--images "$out/images.csv" --target label --reduce positive-mean)
source "$here/study.sh"
study
python3 "$here/report.py" "$out" "$data/paper_tables.csv"
