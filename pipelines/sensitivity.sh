#!/usr/bin/env bash
# How much maps change under small noise (max-sensitivity) and with the class that they explain (random logit): twelve methods each on
# CIFAR's ResNet-20 and the embedded ViT. A study that was stopped goes on.
#   pipelines/sensitivity.sh OUT [IMAGES]
set -euo pipefail
root=${1:-out/sensitivity}
count=${2:-50}
here=$(dirname "$0")
data=${PLUMBLINE_DATA:-../shared/data}
common=(gradient input-x-gradient integrated-gradients:steps=20 smoothgrad:samples=15)
mkdir -p "$root"

one() { # name, images...
  local name=$1 out=$root/$1
  shift
  mkdir -p "$out"
  explain "${model[@]}" "${methods[@]/#/-m}" "$@" -o "$out/maps" --resume -O "$out/maps.csv"
  explain "${model[@]}" "${methods[@]/#/-m}" "$@" --target second -o "$out/second" --resume -O "$out/second.csv"
  perturb "${model[@]}" -t noise:distribution=uniform,draws=10 --keep "$out/kept" --resume -O "$out/noisy.csv" "$out/maps.csv"
  explain "${model[@]}" --again -o "$out/again" --resume -O "$out/again.csv" "$out/noisy.csv"
  score -m max-sensitivity -m local-lipschitz "$out/again.csv" -O "$out/scores.csv"
  score -m class-sensitivity --against "$out/maps.csv" "$out/second.csv" -O "$out/random-logit.csv"
  rank "$out/scores.csv" -O "$root/$name-sensitivity.csv"
  rank "$out/random-logit.csv" -O "$root/$name-random-logit.csv"
}

python3 "$here/cifar_png.py" "$data/cifar10" "$root" "$count"
model=(--model cifar-resnet20 --weights "$data/weights/cifar10-resnet20.safetensors")
methods=("${common[@]}" guided-backprop lrp deeplift gradcam gradcam++ layercam occlusion:window=8,stride=4 rise:masks=400)
one cifar --images "$root/images.csv"

model=(--model testbed-vit)
methods=("${common[@]}" attention rollout gradient-rollout attention-gradcam t-attr gae partial-lrp attn-lrp)
one vit testbed
