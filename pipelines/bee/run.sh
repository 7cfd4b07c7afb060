#!/usr/bin/env bash
# Maps that are adapted to a metric (BEE 2025, Tables 1, 2 and 6): to each of the eight by bandits, by chance, by choice among other methods' maps and, with
# the explainers of pipelines/eea/run.sh, by learning; beside them maps that nobody adapted. All are measured by all eight metrics.
#   pipelines/bee/run.sh OUT resnet20|vit|testbed|testbed-vit
# Reads PLUMBLINE_DATA and, for CIFAR's networks, CIFAR10 (make cifar10). IMAGES=N instead of 200. A study that was stopped goes on.
# Leaves OUT/NETWORK/{scores,tried}-METRIC.csv, scores-fixed.csv, bandit-METRIC.safetensors, sheet.png.
set -euo pipefail
out=${1:?a folder} name=${2:?a network}
here=$(dirname "$0")
source "$here/networks.sh"
python3 -B "$here/tests.py" 2> /dev/null || { echo "run.sh: tests.py fails" >&2; exit 1; }
network "$name" "$out"
metrics=(pos neg ins del adp pic aic sic)
# AIC is not defined of an image whose class is predicted for a blank one as well: such images fail for it, with the reason in their rows.
undefined=(--max-errors 50%)
explainers=$out/eea/$name
if [[ $name == *vit ]]; then
  others="(attention)(rollout)(gae)(t-attr)(attention-gradcam)(attn-lrp)"
  fixed=(gradcam)
else
  others="(gradcam)(gradcam++)(layercam)(hirescam)(lrp)(act-ig)"
  fixed=(gradcam act-ig)
fi
others+="(integrated-gradients:steps=20)(smoothgrad:samples=25)"
fixed+=(integrated-gradients:steps=50 rise:masks=500 "nbee:samples=1,images=$images")

# What bandits learn for one metric, once.
bandit() { # metric
  [ -e "$to/bandit-$1.safetensors.json" ] ||
    train bee -m "pbee:metric=($1),images=$images" "${model[@]}" "${train[@]}" --count "${LEARNED:-2000}" "${drawn[@]}" --resume -q -o "$to/bandit-$1.safetensors"
}

# Maps by some methods, and what all eight metrics say of them.
scored() { # name, flags of explain...
  local of=$1
  shift
  [ ! -e "$to/scores-$of.csv" ] || return 0
  explain "${model[@]}" "${undefined[@]}" --images "$test" "${drawn[@]}" -q -o "$to/maps" --resume -O "$to/maps-$of.csv" "$@"
  perturb "${model[@]}" "${undefined[@]}" --protocol bee -q "$to/maps-$of.csv" | score "${undefined[@]}" --protocol bee -O "$to/scores-$of.csv" 2> "$to/score-$of.log"
  echo "$name: $of" >&2
}

adapted() { # metric
  local with="metric=($1),images=$images" methods=() files=(--file "bandit=$to/bandit-$1.safetensors") chooser
  bandit "$1"
  for chooser in nbee ncbee pbee fbee; do methods+=(-m "$chooser:$with"); done
  methods+=(-m "best-of:methods=$others,metric=($1)")
  [ ! -e "$explainers/own.safetensors.json" ] ||
    methods+=(-m "eea:explainer=own,select=($1)") files+=(--file "own=$explainers/own.safetensors")
  scored "$1" "${methods[@]}" "${files[@]}" --trace "$to/tried-$1.csv"
}

# Explainers that are there, by the names that specs call them.
files=()
for explainer in own mixed tame; do
  file=$explainers/$explainer.safetensors
  [ -e "$file.json" ] || continue
  files+=(--file "$explainer=$file")
  [ "$explainer" = tame ] && fixed+=(tame:explainer=tame) || fixed+=("peea:explainer=$explainer")
done
scored fixed "${fixed[@]/#/-m}" "${files[@]}"
for metric in "${metrics[@]}"; do adapted "$metric"; done
# The qualitative figures: the first images, by maps that nobody adapted and by those adapted to POS.
render -q --sheet "$to/sheet.png" --limit 8 --tile 96 "$to/maps-fixed.csv" "$to/maps-pos.csv" > /dev/null
