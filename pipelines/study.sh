#!/usr/bin/env bash
# The shared body of demo.sh, imagenet.sh and cifar.sh: sourced, with
#   out       folder for everything
#   model     array of flags that choose the classifier
#   methods   array of method specs
#   tests     array of perturbation tests
#   images  array of arguments that name the images
# Leaves maps.csv, curves.csv, scores.csv, places.csv, rank.csv, correlate.csv, separation.csv, sheet.png, seconds.csv.

mkdir -p "$out"
echo "stage,seconds" > "$out/seconds.csv"

# Runs a stage with its output in a file, and notes how long it took.
stage() { # name, output, command...
  local name=$1 output=$2 start=$EPOCHREALTIME
  shift 2
  "$@" > "$output.part"
  mv "$output.part" "$output"
  awk -v name="$name" -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%s,%.1f\n", name, b - a }' >> "$out/seconds.csv"
}

study() {
  local chosen=() asked=() item
  for item in "${methods[@]}"; do chosen+=(-m "$item"); done
  for item in "${tests[@]}"; do asked+=(-t "$item"); done
  stage explain "$out/maps.csv" explain "${model[@]}" "${chosen[@]}" -o "$out/maps" "${images[@]}"
  stage perturb "$out/curves.csv" perturb "${model[@]}" "${asked[@]}" --record "$out/perturb.json" "$out/maps.csv"
  stage score "$out/scores.csv" score "$out/curves.csv"
  stage score-maps "$out/places.csv" score "$out/maps.csv"
  stage correlate "$out/correlate.csv" correlate "$out/scores.csv" "$out/places.csv"
  stage rank "$out/rank.csv" rank "$out/scores.csv" "$out/places.csv"
  stage separation "$out/separation.csv" rank --separation "$out/scores.csv"
  stage render "$out/png.csv" render --sheet "$out/sheet.png" --limit 6 --tile 96 -o "$out/png" "$out/maps.csv"
}
