#!/usr/bin/env bash
# BEE's and EEA's eight metrics of the label and of the predicted class, MobileNetV2 on ImageNet images and the embedded ViT on its
# own; the classic test, the crop and violations with their distance from random maps. A study that was stopped goes on.
#   pipelines/metrics.sh OUT [IMAGES]
set -euo pipefail
root=${1:-out/metrics}
count=${2:-50}
here=$(dirname "$0")
data=${PLUMBLINE_DATA:-../shared/data}
source "$here/study.sh"

eight=(pos neg mask information)
others=(classic:fill={black,pil-blur,mean} classic:fill={black,pil-blur,mean},order=lerf crop violation
  road road:order=lerf deletion:steps=20 insertion:steps=20)
cams=(gradcam gradcam++ layercam lift-cam ablation-cam fullgrad)
paths=(integrated-gradients guided-ig blur-ig iia)
mkdir -p "$root"

awk -F, -v data="$data" -v n="$count" '
  NR == 1 { print; next }
  { image[NR - 1] = data "/imagenet/" $1 "," $2; total = NR - 1 }
  END { for (i = 0; i < n; i++) print image[1 + int(i * total / n)] }' "$data/imagenet/labels.csv" > "$root/images.csv"

one() { # name, target
  out=$root/$1-$2
  study
  cp "$out/rank.csv" "$root/$1-$2.csv"
}

model=(--model mobilenet-v2 --weights "$data/weights/mobilenet_v2-b0353104.pth")
methods=(random gradient smoothgrad:samples=25 "${cams[@]}" "${paths[@]}")
images=(--images "$root/images.csv" --target label)
tests=("${eight[@]}" "${others[@]}")
one mobilenet label
images=(--images "$root/images.csv" --target predicted)
tests=("${eight[@]}")
one mobilenet predicted

model=(--model testbed-vit)
methods=(random gradient attention rollout gradient-rollout attention-gradcam t-attr gae iia)
for target in label predicted; do
  images=(--target "$target" testbed)
  one testbed-vit "$target"
done

python3 "$here/metrics_report.py" "$root" "$data/paper_tables.csv"
