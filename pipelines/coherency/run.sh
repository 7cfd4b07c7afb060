#!/usr/bin/env bash
# The Coherency study: do the metrics of saliency maps agree? Seven methods, and the blurred maps of two of them, by the six configurations of
# deletion and insertion, ROAD, average drop and increase in confidence, whole and binarised. Maps, answers and scores of every shard of the
# images; a study that was stopped goes on with the shard that it was at.
#   pipelines/coherency/run.sh OUT cifar|imagenet|ecssd [SHARD...]     these shards of the network's images (default: all)
# ecssd is for the pointing game: images with masks of their objects, the predicted class, and one configuration of each metric.
# Several runs may work on different shards at once.
# Images and weights: PLUMBLINE_DATA. TAME's attention for the network, if there is one (train tame): TAME=FILE.
set -euo pipefail
out=${1:?}/${2:?}
here=$(dirname "$0")
data=${PLUMBLINE_DATA:-../shared/data}
mkdir -p "$out"
case $2 in
  cifar) # 1,000 images in shards of 50
    shards=20 region=3
    model=(--model cifar-resnet56 --weights "$data/weights/cifar10-resnet56.safetensors")
    methods=(occlusion:window=4,stride=2 rise:masks=1000,p=0.1)
    python3 "$here/../cifar_png.py" "$data/cifar10" "$out" 1000
    ;;
  imagenet) # 500 images in shards of 20
    shards=25 region=9
    model=(--model mobilenet-v2 --weights "$data/weights/mobilenet_v2-b0353104.pth")
    methods=(occlusion rise:masks=1000,p=0.1)
    awk -F, -v data="$data" 'NR == 1 { print "image,label" } NR > 1 { print data "/imagenet/" $1 "," $2 }' \
      "$data/imagenet/labels.csv" > "$out/images.csv"
    ;;
  ecssd) # 100 images in shards of 25
    shards=4
    model=(--model mobilenet-v2 --weights "$data/weights/mobilenet_v2-b0353104.pth")
    methods=(occlusion rise:masks=1000,p=0.1)
    for image in "$data"/ecssd/images/*.jpg; do
      name=$(basename "$image" .jpg)
      echo "$image,$data/ecssd/masks/$name.png"
    done | sed '1i image,mask' > "$out/images.csv"
    ;;
  *) echo "run.sh: $2 is none of cifar, imagenet, ecssd" >&2; exit 2 ;;
esac
blurred=(integrated-gradients smoothgrad)
methods+=(ada-sise gradcam lrp "${blurred[@]}")
files=()
[ -z "${TAME:-}" ] || methods+=(tame:explainer=tame) files=(--file "tame=$TAME")
tests=(road mask:fill=zero mask:fill=zero,percentile={50,70,75,80,85,90},ties=all)
protocol=(--protocol coherency)
if [ "$2" = ecssd ]; then
  tests+=({deletion,insertion}:fill=zero,steps=20) protocol+=(--target predicted)
else
  tests+=({deletion,insertion}:fill={zero,blur,'uniform,runs=1'}{,",region=$region"},steps=20)
fi

[ $# -gt 2 ] || set -- "$@" $(seq "$shards")
for k in "${@:3}"; do
  of=("${model[@]}" "${protocol[@]}" --images "$out/images.csv" --shard "$k/$shards" -o "$out/maps" --resume)
  explain "${of[@]}" "${methods[@]/#/-m}" "${files[@]}" -O "$out/maps-$k.csv"
  explain "${of[@]}" "${blurred[@]/#/-m}" --smooth -O "$out/blurred-$k.csv"
  [ -e "$out/answers-$k.csv" ] ||
    perturb "${model[@]}" "${tests[@]/#/-t}" --resume -O "$out/answers-$k.csv" "$out/maps-$k.csv" "$out/blurred-$k.csv"
  [ -e "$out/scores-$k.csv" ] || score "$out/answers-$k.csv" -O "$out/scores-$k.csv"
  [ "$2" != ecssd ] || score -m pointing-game "$out/maps-$k.csv" "$out/blurred-$k.csv" -O "$out/scores-pointing-$k.csv"
done

# Whatever shards there are by now; what the others would add is said. The means over the methods are those of the maps themselves.
for scores in "$out"/scores-*.csv; do
  grep -v '+smooth' "$scores" > "${scores/scores-/plain-}"
done
correlate --incomplete drop "$out"/plain-*.csv -O "$out/correlate.csv"
rank --incomplete drop "$out"/scores-*.csv -O "$out/rank.csv"
score --density "$out"/maps-*.csv "$out"/blurred-*.csv -O "$out/density.csv"
