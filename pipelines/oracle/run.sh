#!/usr/bin/env bash
# The oracle study: which metrics can be trusted, on images whose evidence is known? The testbed's two networks; held-out images, the same with
# another background and without the object; maps of many methods and maps that are known to be wrong, by all metrics and by the mask.
# Part by part of the images, for both networks: a study that was stopped goes on with the part that it was at, and has results of the parts that are done.
#   pipelines/oracle/run.sh OUT [IMAGES]
# Leaves OUT/NETWORK/{uses-KIND,truth-PART,scores-PART}.csv and OUT/{uses,truth,agreement,preference}.csv, of which docs/oracle.md is made.
set -euo pipefail
out=${1:-out/oracle}
count=${2:-300}
here=$(dirname "$0")
part=25 # images
# The order of the magnitudes is what a sensitivity says; an attribution says by its sign which way a pixel counts.
tests=(deletion:fill={zero,blur},steps=20 insertion:fill={zero,blur},steps=20 pos neg mask mask:percentile=75 mask:invert=true
  patches:size=8,fill=mean,steps=32 superpixels:count=25 road road:order=lerf information crop violation:blocks=8
  subset:grid=8 single:blocks=8 square:size=8 noise)
metrics=(deletion insertion pos del neg ins adp pic average-gain drop-in-deletion aopc irof road road-combined aic sic
  saliency-metric violation faithfulness-correlation faithfulness-estimate monotonicity-correlation infidelity:scaled=true)
truths=(roc-auc relevance-mass relevance-rank)
blur=gaussian:kernel=63,sigma=16

python3 -B "$here/tests.py" 2> /dev/null || { echo "run.sh: tests.py fails" >&2; exit 1; }
mkdir -p "$out"
scenes=$out/scenes-$count
if [ ! -e "$scenes/done" ]; then
  counterfactual "$scenes" "$count"
  touch "$scenes/done"
fi

parts=$(((count + part - 1) / part))
for ((k = 1; k <= parts; k++)); do
  awk -v k="$k" -v part="$part" 'NR == 1 || int((NR - 2) / part) == k - 1' "$scenes/clean.csv" > "$scenes/part-$k.csv"
done

# Answers for the clean images, and for the same scenes changed: the map does not matter, only what the image is taken for.
uses() { # network
  local kind model=(--model "$1") to=$out/$1
  mkdir -p "$to"
  for kind in clean swapped removed; do
    [ -e "$to/uses-$kind.csv" ] ||
      explain "${model[@]}" -q -m random --target label --images "$scenes/$kind.csv" -o "$to/maps" --resume |
      perturb "${model[@]}" -q -t mask -O "$to/uses-$kind.csv"
  done
}

# Maps of a part of the images, good and wrong: how much of them lies on the object, and what the metrics say.
one() { # network, part
  local to=$out/$1 k=$2 of model=(--model "$1")
  [ ! -e "$to/scores-$k.csv" ] || return 0
  of=("${model[@]}" --images "$scenes/part-$k.csv" --chunk 5 --target label -o "$to/maps" --resume -q)
  explain "${of[@]}" --reduce abs "${sensitivities[@]/#/-m}" -O "$to/sensitivities-$k.csv"
  explain "${of[@]}" "${attributions[@]/#/-m}" -O "$to/attributions-$k.csv"
  explain "${of[@]}" --smooth="$blur" "${good[@]/#/-m}" -O "$to/blurred-$k.csv"
  python3 -B "$here/wrong.py" "$to/wrong-$k" "$(IFS=';' && echo "${good[*]}")" \
    "$to"/{sensitivities,attributions,blurred}-"$k.csv" > "$to/maps-$k.csv"
  score "${truths[@]/#/-m}" "$to/maps-$k.csv" -O "$to/truth-$k.csv" 2> "$to/score-$k.log"
  perturb "${model[@]}" -q "${tests[@]/#/-t}" "$to/maps-$k.csv" |
    score "${metrics[@]/#/-m}" -O "$to/scores-$k.csv" 2>> "$to/score-$k.log"
  echo "$1: part $k of $parts" >&2
}

resnet() { # part
  sensitivities=(gradient smoothgrad:samples=25 guided-backprop)
  attributions=(random edge integrated-gradients:steps=20 deeplift lrp gradcam fullgrad sise occlusion:stride=4 rise:masks=500)
  good=(lrp sise occlusion:stride=4)
  one testbed "$1"
}

vit() { # part
  sensitivities=(gradient smoothgrad:samples=25)
  attributions=(random edge integrated-gradients:steps=20 rollout gae t-attr occlusion:stride=4 rise:masks=500)
  good=(gae occlusion:stride=4)
  one testbed-vit "$1"
}

# A folder holds one study: other settings begin anew. Maps know by themselves what they are, and stay.
settings="$count $part ${tests[*]} ${metrics[*]} ${truths[*]} $blur $(declare -f resnet vit)"
[ "$(cat "$out/settings" 2> /dev/null)" = "$settings" ] || rm -f "$out"/*/{uses,scores}-*.csv
echo "$settings" > "$out/settings"
uses testbed
uses testbed-vit
for ((k = 1; k <= parts; k++)); do
  resnet "$k"
  vit "$k"
done
python3 -B "$here/results.py" "$out"
