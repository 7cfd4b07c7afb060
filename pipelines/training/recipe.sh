# What the recipes share; `source` it. Each may be interrupted (also killed) and started again: it goes on from its checkpoint, and
# what is finished stays.
set -euo pipefail
out=${1:?a folder for weights}
cifar=${CIFAR10:-out/cifar10}
mkdir -p "$out"

# recipe NAME FLAG...
recipe() {
  local weights=$out/$1.safetensors
  shift
  if [[ -e $weights.json && ! -e $weights.checkpoint ]]; then
    echo "$weights is there" >&2
    return
  fi
  train classifier --images "$cifar" --heldout "$cifar" --resume --out "$weights" "$@"
}
