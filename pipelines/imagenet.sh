#!/usr/bin/env bash
# ResNet-50 on real images: those of PLUMBLINE_DATA, or weights and photographs out of package registries (weights.py), or
#   MODEL=resnet50 WEIGHTS=resnet50.pth IMAGES='photos/*.jpg' pipelines/imagenet.sh OUT
set -euo pipefail
out=${1:-out/imagenet}
count=${2:-6}
here=$(dirname "$0")
data=${PLUMBLINE_DATA:-../shared/data}
brought=$here/../weights
methods=(random gradient integrated-gradients gradcam layercam rise:masks=400)
tests=(deletion:steps=20,fill=zero insertion:steps=20,fill=zero mask:fill=zero
  mask:fill=zero,percentile={50,75,90},ties=all)
mkdir -p "$out"

labels=()
if [ -n "${WEIGHTS:-}" ]; then
  model=(--model "${MODEL:-resnet50}" --weights "$WEIGHTS")
elif [ -f "$data/weights/resnet50-v1.safetensors" ]; then
  model=(--model resnet50-v1 --weights "$data/weights/resnet50-v1.safetensors")
else
  python3 "$here/weights.py" "$brought" resnet50-v1
  model=(--model resnet50-v1 --weights "$brought/resnet50-v1.safetensors")
  labels=(--labels "$brought/imagenet-classes.txt")
fi

if [ -n "${IMAGES:-}" ]; then
  # shellcheck disable=SC2206  # a pattern is meant to expand
  images=($IMAGES)
elif [ -f "$data/imagenet/labels.csv" ]; then
  # Images spread over the classes, with their labels.
  awk -F, -v data="$data" -v n="$count" '
    NR == 1 { print; next }
    { image[NR - 1] = data "/imagenet/" $1 "," $2; total = NR - 1 }
    END { for (i = 0; i < n; i++) print image[1 + int(i * total / n)] }' "$data/imagenet/labels.csv" > "$out/images.csv"
  images=(--images "$out/images.csv" --target label)
else
  python3 "$here/weights.py" "$brought" images
  images=("$brought"/images/*)
fi
images+=("${labels[@]}" --reduce positive-mean)

source "$here/study.sh"
study
tables=()
if [ -f "$data/paper_tables.csv" ]; then tables=("$data/paper_tables.csv"); fi
python3 "$here/report.py" "$out" "${tables[@]}"
