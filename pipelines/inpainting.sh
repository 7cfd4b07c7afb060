#!/usr/bin/env bash
# The metric of the inpainting study with two generators, MI-GAN (which is told nothing) and imputation, beside its baselines: delete,
# blur, mean. MobileNetV2 on ImageNet images. A study that was stopped goes on: equal images are painted once.
#   pipelines/inpainting.sh OUT [IMAGES]        needs python3 with numpy and onnxruntime (PYTHON)
set -euo pipefail
root=${1:-out/inpainting}
count=${2:-60}
here=$(dirname "$0")
data=${PLUMBLINE_DATA:-../shared/data}
migan="migan=exec:${PYTHON:-python3} $here/examples/paint_migan.py $data/weights/migan_pipeline_v2.onnx"
model=(--model mobilenet-v2 --weights "$data/weights/mobilenet_v2-b0353104.pth")
methods=(random gradient input-x-gradient integrated-gradients:steps=20 smoothgrad:samples=15 guided-backprop gradcam gradcam++)
ways=(-t inpaint:generator=migan,samples=1 -t inpaint)
classic=(classic:end=0.5,fill={black,pil-blur,mean})
mkdir -p "$root"

awk -F, -v data="$data" -v n="$count" '
  NR == 1 { print "image"; next }
  { image[NR - 1] = data "/imagenet/" $1; total = NR - 1 }
  END { for (i = 0; i < n; i++) print image[1 + int(i * total / n)] }' "$data/imagenet/labels.csv" > "$root/images.csv"

explain "${model[@]}" "${methods[@]/#/-m}" --images "$root/images.csv" -o "$root/maps" --resume -O "$root/maps.csv"
explain "${model[@]}" "${methods[@]/#/-m}" --images "$root/images.csv" --target second -o "$root/second" --resume -O "$root/second.csv"
perturb "${model[@]}" "${classic[@]/#/-t}" --resume -O "$root/classic.csv" "$root/maps.csv"
perturb "${model[@]}" "${ways[@]}" --generator "$migan" --keep "$root/kept" --resume -O "$root/answers.csv" "$root/maps.csv"
explain "${model[@]}" --again --target-column second -o "$root/again" --resume -O "$root/painted.csv" "$root/answers.csv"
score "$root/classic.csv" -O "$root/classic-scores.csv"
score --second "$root/second.csv" -m inpaint -m inpaint:class=other -m stratified -m stratified:class=other \
  "$root/painted.csv" -O "$root/scores.csv"
for table in classic-scores scores; do
  rank "$root/$table.csv" -O "$root/$table-rank.csv"
  rank --separation "$root/$table.csv" -O "$root/$table-separation.csv"
done
python3 "$here/inpainting_report.py" "$root"
