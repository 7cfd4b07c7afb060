#!/usr/bin/env bash
# How well maps find the object: MobileNetV2 on the images of ECSSD, which have pixel masks, from PLUMBLINE_DATA. The class explained
# is the predicted one. A run that was stopped goes on where it stopped when it is started again.
#   pipelines/localisation.sh OUT COUNT
# Leaves images.csv, maps.csv, scores.csv, rank.csv, maxboxacc.csv, density.csv, seconds.csv.
set -euo pipefail
out=${1:-out/localisation}
count=${2:-100}
here=$(dirname "$0")
data=${PLUMBLINE_DATA:-../shared/data}
model=(--model mobilenet-v2 --weights "$data/weights/mobilenet_v2-b0353104.pth" --reduce positive-mean)
# The controls first; an image costs about seven hundred forwards, most of them of the last two.
methods=(random center gradient smoothgrad:samples=15 integrated-gradients:steps=20 guided-backprop gradcam gradcam++ layercam
  fullgrad occlusion:window=32,stride=16 rise:masks=400)
metrics=(pointing-game pointing-game:tolerance=15 energy-pointing-game relevance-rank roc-auc average-precision
  mask-iou mask-iou:threshold=otsu dice box-iou:scale=min-max)
thresholds=(0.05 0.{1,2,3,4,5,6,7,8,9}{,5})

source "$here/study.sh"
mkdir -p "$out"
[ -f "$out/seconds.csv" ] || echo stage,seconds > "$out/seconds.csv"
chosen=() asked=() boxes=()
for method in "${methods[@]}"; do chosen+=(-m "$method"); done
for metric in "${metrics[@]}"; do asked+=(-m "$metric"); done
for threshold in "${thresholds[@]}"; do boxes+=(-m "box-accuracy:threshold=$threshold"); done

# The first of the images by name; their masks are called alike.
{
  echo image,mask
  for image in "$data"/ecssd/images/*.jpg; do
    name=$(basename "$image" .jpg)
    echo "$image,$data/ecssd/masks/$name.png"
  done | awk -v n="$count" 'NR <= n'
} > "$out/images.csv"
stage explain explain "${model[@]}" "${chosen[@]}" -o "$out/maps" --resume -O "$out/maps.csv" --images "$out/images.csv"
stage score score "${asked[@]}" "$out/maps.csv" -O "$out/scores.csv"
stage rank rank "$out/scores.csv" -O "$out/rank.csv"
stage box-accuracy score "${boxes[@]}" "$out/maps.csv" -O "$out/boxes.csv"
# MaxBoxAcc: of each method the best mean over the thresholds, chosen on the images that it is measured on, as published.
stage max-box-accuracy rank --best threshold "$out/boxes.csv" -O "$out/maxboxacc.csv"
stage density score --density "$out/maps.csv" -O "$out/density.csv"
