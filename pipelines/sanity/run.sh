#!/usr/bin/env bash
# The sanity checks of Adebayo et al. (2018), as in EEA's Figures 2 to 8: do the maps of a method change when the weights of the network are drawn
# anew, layer by layer, or when it was trained on permuted labels? On CIFAR-10's test images, each explained for its label.
# Step by step: a study that was stopped goes on with the step that it was at, and maps are never made twice.
#   pipelines/sanity/run.sh OUT [IMAGES]
# Reads PLUMBLINE_DATA/{cifar10,weights}. Other weights: RESNET=FILE, VIT=FILE, of the architecture VIT_MODEL. Twins that were trained on true and on permuted labels:
# TWINS=FOLDER, that of pipelines/training/twins.sh. EEA's explainers too: EXPLAINERS=FOLDER/eea, FOLDER that of pipelines/eea/run.sh.
# Leaves OUT/NETWORK/{scores-STEP,reference}.csv, OUT/{steps,boxes,claims}.csv, of which docs/sanity.md is made, and OUT/sheets/*.png.
set -euo pipefail
out=${1:-out/sanity}
count=${2:-100}
here=$(dirname "$0")
data=$PLUMBLINE_DATA
resnet=${RESNET:-$data/weights/cifar10-resnet20.safetensors}
vit=${VIT:-$data/weights/cifar10-vit.safetensors}
shown=4 # images on a sheet
metrics=(spearman spearman-abs pearson ssim:scale=max ssim:scale=max,sign=absolute complexity-rise)
controls=(edge center input-magnitude)
common=(gradient input-x-gradient smoothgrad:samples=25 integrated-gradients:steps=20 gradcam gradcam:relu=false
  layercam occlusion:window=8,stride=4 rise:masks=100)

python3 -B "$here/tests.py" 2> /dev/null || { echo "run.sh: tests.py fails" >&2; exit 1; }
mkdir -p "$out/sheets"
head -n $((count + 1)) "$data/cifar10/test-labels.csv" > "$out/labels.csv"
# Maps of one network by all methods, and of a randomised one how alike they are to the plain network's.
maps() { # network, step (plain for none)
  local to=$out/$1 step=$2 flags=()
  [ "$step" = plain ] || flags=(--randomize "$step")
  explain "${model[@]}" "${flags[@]}" -q "$data/cifar10/test-images.npy" --images "$out/labels.csv" --target label "${methods[@]/#/-m}" "${files[@]}" -o "$to/maps" --resume \
    -O "$to/maps-${step//[:,\/]/_}.csv" 2> "$to/explain-${step//[:,\/]/_}.log"
}

scored() { # network, step
  local to=$out/$1 name=${2//[:,\/]/_}
  [ ! -e "$to/scores-$name.csv" ] || return 0
  maps "$1" "$2"
  # A map that is constant has no correlation: the reason is in the row.
  score --against "$to/reference.csv" "${metrics[@]/#/-m}" "$to/maps-$name.csv" -O "$to/scores-$name.csv" 2> "$to/score-$name.log"
  echo "$1: $2" >&2
}

network() { # name, steps...
  local name=$1 to=$out/$1 step
  shift
  mkdir -p "$to"
  # A folder holds one study: other settings begin anew. Maps know by themselves what they are, and stay.
  local settings="$count ${model[*]} ${methods[*]} ${files[*]} ${metrics[*]} $(sha256sum < "${model[3]}")"
  [ "$(cat "$to/settings" 2> /dev/null)" = "$settings" ] || rm -f "$to"/{scores-*,reference}.csv "$out/sheets/$name"-*.png
  echo "$settings" > "$to/settings"
  explain "${model[@]}" --list-layers > "$to/layers.txt"
  [ -e "$to/reference.csv" ] || { maps "$name" plain && mv "$to/maps-plain.csv" "$to/reference.csv"; }
  local tables=("$to/reference.csv")
  for step in "$@"; do
    scored "$name" "$step"
    # Of the steps down to a named layer there are pictures.
    [[ $step != cascading:*[a-z]* ]] || tables+=("$to/maps-${step//[:,\/]/_}.csv")
  done
  sheets "$name" "${tables[@]}"
}

# Of each method a sheet: image by image its map of each table, which is of one network.
sheets() { # network, tables...
  local name=$1 method file
  shift
  while read -r method; do
    file=$out/sheets/$name-${method//[:,=]/_}.png
    [ -e "$file" ] || python3 -B "$here/chosen.py" "$method" $shown "$@" |
      render -q --sheet "$file" --mode heatmap --tile 96 > /dev/null
  done < <(python3 -B "$here/chosen.py" "$1")
}

# Maps of a network that was trained on true labels, and of its twin.
twins() { # name, model, weights, permuted weights
  local to=$out/twins-$1
  mkdir -p "$to"
  local settings="$count $2 ${methods[*]} ${metrics[*]} $(cat "$3" "$4" | sha256sum)"
  [ "$(cat "$to/settings" 2> /dev/null)" = "$settings" ] || rm -f "$to/scores-permuted.csv" "$out/sheets/twins-$1"-*.png
  echo "$settings" > "$to/settings"
  [ ! -e "$to/scores-permuted.csv" ] || return 0
  model=(--model "$2" --weights "$3")
  maps "twins-$1" plain
  mv "$to/maps-plain.csv" "$to/reference.csv"
  model=(--model "$2" --weights "$4")
  maps "twins-$1" plain
  mv "$to/maps-plain.csv" "$to/maps-permuted.csv"
  score --against "$to/reference.csv" "${metrics[@]/#/-m}" "$to/maps-permuted.csv" -O "$to/scores-permuted.csv" 2> "$to/score.log"
  sheets "twins-$1" "$to/reference.csv" "$to/maps-permuted.csv"
  echo "twins $1" >&2
}

# EEA's explainers of a network, which then explain the randomised one: their own masks, and those that learn on for each image.
explainers() { # network
  local name file
  files=()
  [ -n "${EXPLAINERS:-}" ] || return 0
  for name in own mixed; do
    file=$EXPLAINERS/$1/$name.safetensors
    files+=(--file "$name=$file")
    methods+=("peea:explainer=$name,transfer=true" "eea:explainer=$name,transfer=true")
  done
}

of_resnet=(guided-backprop deconvnet deeplift lrp fullgrad)
of_vit=(attention rollout gae t-attr attn-lrp)

model=(--model cifar-resnet20 --weights "$resnet")
methods=("${common[@]}" "${of_resnet[@]}" "${controls[@]}")
explainers resnet20
network resnet cascading:{linear,layer3,layer2,layer1,all} independent:{linear,layer3,layer2,layer1,conv1} \
  cascading:{1..20}

model=(--model "${VIT_MODEL:-cifar-vit}" --weights "$vit")
methods=("${common[@]}" "${of_vit[@]}" "${controls[@]}")
explainers vit
mapfile -t blocks < <(explain "${model[@]}" --list-layers | grep -o '^blocks\.[0-9]*' | sort -u -t. -k2,2nr)
network vit cascading:{head,all} "${blocks[@]/#/cascading:}" independent:head "${blocks[@]/#/independent:}"

if [ -n "${TWINS:-}" ]; then
  files=()
  methods=("${common[@]}" "${of_vit[@]}" "${controls[@]}")
  twins vit cifar-vit-conv "$TWINS"/vit-{true,permuted}.safetensors
  methods=("${common[@]}" "${of_resnet[@]}" "${controls[@]}")
  twins resnet cifar-resnet20 "$TWINS"/resnet20-{true,permuted}.safetensors
fi
python3 -B "$here/results.py" "$out"
