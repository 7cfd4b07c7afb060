#!/usr/bin/env bash
# What BEE's parts do on one network: 64 draws of each chooser and of each single kind of baselines (Tables 3 and 8, Figures 2, 3 and 5), points
# of a path and their time (Table 9), layers, and paths through images (Table 7). Goes on where it was left, behind run.sh.
#   pipelines/bee/draws.sh OUT resnet20|vit|testbed|testbed-vit
# Leaves OUT/NETWORK/{draws,single}-METRIC.csv.gz, scores-{steps,layers,paths-METRIC}.csv, seconds.csv.
set -euo pipefail
out=${1:?a folder} name=${2:?a network}
source "$(dirname "$0")/networks.sh"
network "$name" "$out"
metrics=(pos neg ins del adp pic aic sic)
# AIC is not defined of an image whose class is predicted for a blank one as well: such images fail for it, with the reason in their rows.
undefined=(--max-errors 50%)
# In a transformer each point of a path is a pass through all of it: 64 draws for all eight metrics would take hours.
[[ $name != *vit ]] || metrics=(pos sic)
kinds=(constant blur uniform normal training)

# Every draw of some methods, in one table.
drawn() { # name, flags of explain...
  local of=$1
  shift
  [ ! -e "$to/$of.csv.gz" ] || return 0
  explain "${model[@]}" "${undefined[@]}" --images "$test" "${drawn[@]}" -q -o "$to/maps" --resume --trace "$to/$of.csv.gz" -O "$to/maps-$of.csv" "$@"
  echo "$name: $of" >&2
}

# Maps by some methods, what all eight metrics say of them, and how long they took.
scored() { # name, flags of explain...
  local of=$1 start
  shift
  [ ! -e "$to/scores-$of.csv" ] || return 0
  start=$EPOCHREALTIME
  explain "${model[@]}" "${undefined[@]}" --images "$test" -q -o "$to/maps" -O "$to/maps-$of.csv" "$@"
  echo "$of,$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')" >> "$to/seconds.csv"
  perturb "${model[@]}" "${undefined[@]}" --protocol bee -q "$to/maps-$of.csv" | score "${undefined[@]}" --protocol bee -O "$to/scores-$of.csv" 2> "$to/score-$of.log"
  echo "$name: $of" >&2
}

for metric in "${metrics[@]}"; do
  with="metric=($metric),images=$images,samples=64"
  drawn "draws-$metric" -m "nbee:$with" -m "ncbee:$with" -m "pbee:$with" -m "fbee:$with" --file "bandit=$to/bandit-$metric.safetensors"
done
for metric in pos sic; do
  alone=()
  for kind in "${kinds[@]}"; do alone+=(-m "nbee:metric=($metric),images=$images,samples=64,arms=$kind"); done
  drawn "single-$metric" "${alone[@]}"
done

if [[ $name != *vit ]]; then
  for steps in 5 10 50 100; do scored "steps-$steps" -m "act-ig:steps=$steps"; done
  paths=(ig big gig)
  scored paths-plain -m integrated-gradients:steps=10 -m blur-ig:steps=10 -m guided-ig:steps=10
  for metric in "${metrics[@]}"; do
    for path in "${paths[@]}"; do
      bandit=$to/bandit-$path-$metric.safetensors spec="$path-fbee:metric=($metric),images=5"
      [ -e "$bandit.json" ] ||
        train bee -m "$spec" "${model[@]}" "${train[@]}" --count "${LEARNED:-500}" "${drawn[@]}" --resume -q -o "$bandit"
      scored "paths-$path-$metric" -m "$spec" --file "bandit=$bandit" "${drawn[@]}"
    done
  done
fi

# The best of eight draws by chance, in other layers than the last one and in several.
case $name in
  *vit)
    last=$(explain "${model[@]}" --list-layers | grep -o '^blocks\.[0-9]*' | sort -u | wc -l)
    layers=("blocks.$((last - 1)).attn.softmax" "blocks.$((last - 2)).attn.softmax" "blocks.$((last - 3)).attn.softmax")
    ;;
  resnet20) layers=(layer3.2.relu layer2.2.relu layer1.2.relu) ;;
  testbed) layers=(layer3.0.relu layer2.0.relu layer1.0.relu) ;;
esac
for metric in pos sic; do
  with="metric=($metric),images=$images"
  scored "layers-$metric" "${drawn[@]}" -m "nbee:$with,layers=${layers[0]}" -m "nbee:$with,layers=${layers[1]}" \
    -m "nbee:$with,layers=${layers[2]}" -m "nbee:$with,layers=${layers[0]}+${layers[1]}"
done
