#!/usr/bin/env bash
# ResNet-50 on real pictures. By default the weights and pictures of PLUMBLINE_DATA; otherwise
#   MODEL=resnet50 WEIGHTS=resnet50.pth PICTURES='photos/*.jpg' pipelines/imagenet.sh OUT
set -euo pipefail
out=${1:-out/imagenet}
count=${2:-6}
here=$(dirname "$0")
data=${PLUMBLINE_DATA:-../shared/data}
weights=${WEIGHTS:-$data/weights/resnet50-v1.safetensors}
model=(--model "${MODEL:-resnet50-v1}" --weights "$weights")
preprocess=(--preprocess imagenet)
methods=(random gradient integrated-gradients:steps=25 gradcam layercam rise:masks=200)
tests=(deletion:steps=20,fill=zero insertion:steps=20,fill=zero mask:fill=zero
  mask:fill=zero,percentile=50 mask:fill=zero,percentile=75 mask:fill=zero,percentile=90)
[ -f "$weights" ] || { echo "no weights at $weights: set WEIGHTS and PICTURES, or PLUMBLINE_DATA" >&2; exit 1; }
mkdir -p "$out"
if [ -n "${PICTURES:-}" ]; then
  # shellcheck disable=SC2206  # a pattern is meant to expand
  pictures=($PICTURES)
else
  # Pictures spread over the classes, with their labels.
  awk -F, -v data="$data" -v n="$count" '
    NR == 1 { print; next }
    { image[NR - 1] = data "/imagenet/" $1 "," $2; total = NR - 1 }
    END { for (i = 0; i < n; i++) print image[1 + int(i * total / n)] }' "$data/imagenet/labels.csv" > "$out/pictures.csv"
  pictures=(--images "$out/pictures.csv" --target label --reduce positive-mean)
fi
source "$here/study.sh"
study
tables=()
if [ -f "$data/paper_tables.csv" ]; then tables=("$data/paper_tables.csv"); fi
python3 "$here/report.py" "$out" "${tables[@]}"
