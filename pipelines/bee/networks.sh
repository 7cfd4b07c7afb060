# The networks and the images of the studies of learned explanations; `source` it. `network NAME OUT` sets
#   to       the folder of the network's results
#   model    flags that choose the classifier
#   test     the table of the images that are explained, 200 of them
#   train    flags of `train`: what bandits and explainers learn from, none of it in test
#   drawn    flags for the arm `training`
#   images   training images behind a map of that arm
# For a quick try there are IMAGES=N, LEARNED=N (of bandits) and TRAINED=N (of explainers).
data=${PLUMBLINE_DATA:-../shared/data}
pipelines=$(dirname "${BASH_SOURCE[0]}")/..
count=${IMAGES:-200}

network() {
  to=$2/$1
  mkdir -p "$to"
  case $1 in
    resnet20)
      model=(--model cifar-resnet20 --weights "$data/weights/cifar10-resnet20.safetensors")
      images=100
      cifar "$2"
      ;;
    vit)
      model=(--model "${VIT_MODEL:-cifar-vit}" --weights "${VIT:-$data/weights/cifar10-vit.safetensors}")
      # In a transformer each point of a path is a pass through all of it.
      images=5
      cifar "$2"
      ;;
    testbed | testbed-vit)
      model=(--model "$1")
      images=5
      scenes "$2"
      ;;
    *) echo "networks.sh: $1 is none of resnet20, vit, testbed, testbed-vit" >&2; exit 2 ;;
  esac
}

# The first test images are explained, the last of the 1,000 that there are drawn from; bandits and explainers learn from training images.
cifar() {
  local of=$1/cifar
  if [ ! -e "$of/done" ]; then
    python3 -B "$pipelines/cifar_png.py" "$data/cifar10" "$of" 1000
    mkdir -p "$of/drawn"
    cp "$of"/images/09??.png "$of/drawn/"
    touch "$of/done"
  fi
  head -n $((count + 1)) "$of/images.csv" > "$of/test-$count.csv"
  test=$of/test-$count.csv train=(--images "${CIFAR10:-out/cifar10}") drawn=(--baselines "$of/drawn")
}

# Held-out scenes; bandits and explainers learn from training scenes, and the embedded images are drawn from.
scenes() {
  local of=$1/scenes-$count
  if [ ! -e "$of/done" ]; then
    counterfactual "$of" "$count"
    touch "$of/done"
  fi
  test=$of/clean.csv train=(--images testbed) drawn=(--baselines testbed)
}
