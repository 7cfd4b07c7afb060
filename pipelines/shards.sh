#!/usr/bin/env bash
# Shards, kills and resumes change nothing. CIFAR ResNet-20 is explained, perturbed and scored
#   one     by one process of each tool, through pipes
#   four    in four shards at once, each killed with SIGKILL at random moments and started again until it ends
# Maps, curves, scores, the ranking and the correlations of both must be the same bytes, and the passes that
# `--dry-run` calls exact must be those that the run has counted.
#
# Usage: shards.sh OUT [IMAGES] [SEED]      data of PLUMBLINE_DATA; METHODS="gradcam rise:masks=100" for other methods.
set -euo pipefail
out=${1:-out/shards}
count=${2:-500}
seed=${3:-0}
shards=4
kills=3 # of each shard of each tool
here=$(cd "$(dirname "$0")" && pwd)
data=$(cd "${PLUMBLINE_DATA:-../shared/data}" && pwd)
read -ra methods <<< "${METHODS:-random gradient input-x-gradient smoothgrad:samples=10 integrated-gradients:steps=10 \
  guided-backprop gradcam layercam occlusion:window=8,stride=8 rise:masks=100}"

model=(-q --model cifar-resnet20 --weights "$data/weights/cifar10-resnet20.safetensors")
exact=(-t deletion:fill=zero,steps=20 -t insertion:fill=zero,steps=20 -t pos:fill=zero)
tests=("${exact[@]}" -t mask:fill=zero,percentile=75) # its input may be one of insertion's: only a bound is known
chosen=()
for method in "${methods[@]}"; do chosen+=(-m "$method"); done
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -rf "$out/one" "$out/four"
mkdir "$out/one" "$out/four"
python3 "$here/cifar_png.py" "$data/cifar10" "$out" "$count"
explain=(explain "${model[@]}" "${chosen[@]}" --images "$out/images.csv" --target label -o maps)
perturb=(perturb "${model[@]}" "${tests[@]}")
few=(perturb "${model[@]}" "${exact[@]}" few.csv)

compute_seconds() { # record
  sed -n 's/^ *"seconds_compute": \([0-9.]*\),*$/\1/p' "$1"
}

# Runs a command until it ends; before, it is killed up to `kills` times, within a third of so many seconds of its start.
survive() { # shard, seconds, command...
  local shard=$1 seconds=$2 try pid moment status
  shift 2
  RANDOM=$((1 + 100 * seed + shard))
  for ((try = 0; try < kills; try++)); do
    moment=$(awk -v random="$RANDOM" -v seconds="$seconds" 'BEGIN { printf "%.3f", random / 32768 * seconds / 3 }')
    "$@" & pid=$!
    sleep "$moment"
    kill -KILL "$pid" 2> /dev/null || true # it may have ended
    status=0
    wait "$pid" 2> /dev/null || status=$?
    case $status in
      0) return ;;
      137) echo "$1,$shard,$moment" >> kills.csv ;;
      *) return "$status" ;;
    esac
  done
  "$@"
}

# All shards at once, one thread each.
in_shards() { # name of the tables, seconds, command...
  local name=$1 seconds=$2 shard pid pids=()
  shift 2
  for ((shard = 1; shard <= shards; shard++)); do
    survive "$shard" "$seconds" "$@" --threads 1 --shard "$shard/$shards" --resume -O "$name-$shard.csv" & pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

cd "$out/one"
"${explain[@]}" --dry-run > explain-dry.csv
"${explain[@]}" --record explain.json | tee maps.csv | "${perturb[@]}" --record perturb.json | tee curves.csv | score > scores.csv
rank scores.csv > rank.csv
correlate scores.csv > correlate.csv 2> /dev/null # what it says of constant metrics
head -n 41 maps.csv > few.csv
"${few[@]}" --dry-run > few-dry.csv
"${few[@]}" --record few.json > /dev/null

cd "$out/four"
in_shards maps "$(compute_seconds ../one/explain.json)" "${explain[@]}"
in_shards curves "$(compute_seconds ../one/perturb.json)" "${perturb[@]}" maps-?.csv
score curves-?.csv > scores.csv
rank scores.csv > rank.csv
correlate scores.csv > correlate.csv 2> /dev/null

cd "$out"
sorted() { cat "$@" | sort -u; } # the headers of all shards are one
diff -r --exclude=logs one/maps four/maps
cmp <(sorted one/maps.csv) <(sorted four/maps-?.csv)
cmp <(sorted one/curves.csv) <(sorted four/curves-?.csv)
cmp <(sorted one/scores.csv) <(sorted four/scores.csv)
cmp one/rank.csv four/rank.csv
cmp one/correlate.csv four/correlate.csv
for tool in explain perturb; do
  grep -q "^$tool," four/kills.csv || { echo "shards: no $tool was killed: more images are needed" >&2; exit 1; }
done
python3 "$here/passes.py" one/explain-dry.csv one/explain.json
python3 "$here/passes.py" one/few-dry.csv one/few.json
echo "shards: $(($(wc -l < one/maps.csv) - 1)) maps and $(($(wc -l < one/curves.csv) - 1)) rows of curves are the same after \
$(wc -l < four/kills.csv) kills (four/kills.csv)"
