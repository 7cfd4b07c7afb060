#!/usr/bin/env bash
# Explainers of one network that are trained: EEA's of the network's own architecture and of another one, and TAME's attention.
#   pipelines/eea/run.sh OUT resnet20|vit|testbed|testbed-vit
# Reads PLUMBLINE_DATA and, for CIFAR's networks, CIFAR10 (make cifar10). Each training may be killed and started again.
# Leaves OUT/eea/NETWORK/{own,mixed,tame}.safetensors, of which pipelines/bee/run.sh and pipelines/sanity/run.sh (EXPLAINERS=OUT/eea) measure the maps,
# and of the testbed's networks sheets of images with objects of two classes (EEA's Figure 1), each explained.
set -euo pipefail
out=${1:?a folder} name=${2:?a network}
source "$(dirname "$0")/../bee/networks.sh"
network "$name" "$out"
to=$out/eea/$name
mkdir -p "$to"
count=${TRAINED:-6000}

trained() { # name, method, flags...
  local file=$to/$1.safetensors method=$2
  shift 2
  [[ -e $file.json && ! -e $file.checkpoint ]] ||
    train "$method" "${model[@]}" "${train[@]}" --count "$count" --resume -q -o "$file" "$@"
}

# What a network of the other kind is: CIFAR's explain CIFAR's, the testbed's the testbed's.
case $name in
  resnet20) other=(--explainer "${VIT_MODEL:-cifar-vit}" --explainer-weights "${VIT:-$data/weights/cifar10-vit.safetensors}") ;;
  vit) other=(--explainer cifar-resnet20 --explainer-weights "$data/weights/cifar10-resnet20.safetensors") ;;
  testbed) other=(--explainer testbed-vit) ;;
  testbed-vit) other=(--explainer testbed) ;;
esac
trained own eea
trained mixed eea "${other[@]}"
# TAME reads feature maps of three sizes, which a transformer has not.
[[ $name == *vit ]] || trained tame tame

[[ $name == testbed* ]] || exit 0
pairs=$out/pairs
if [ ! -e "$pairs/done" ]; then
  pairs "$pairs" 12
  touch "$pairs/done"
fi
for class in first second; do
  explain "${model[@]}" --images "$pairs/$class.csv" -q -m gradcam -m integrated-gradients -m peea:explainer=own -m eea:explainer=own \
    --file "own=$to/own.safetensors" -o "$to/maps" --resume -O "$to/$class.csv"
done
render -q --sheet "$to/pairs.png" --limit 24 --tile 96 --boxes "$to/first.csv" "$to/second.csv" > /dev/null
