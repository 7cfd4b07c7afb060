#!/usr/bin/env bash
# The shared body of demo.sh, imagenet.sh and cifar.sh: sourced, with
#   out       folder for everything
#   model     array of flags that choose the classifier
#   methods   array of method specs
#   tests     array of perturbation tests
#   images    array of arguments that name the images
# Leaves maps.csv, curves.csv, scores.csv, places.csv, rank.csv, correlate.csv, separation.csv, sheet.png, seconds.csv.
# A study that was stopped goes on where it stopped when it is started again with the same settings.

# A study with other settings in the same folder begins anew; maps that both ask for are kept.
begin() {
  local settings="${model[*]} ${methods[*]} ${tests[*]} ${images[*]}"
  mkdir -p "$out"
  if [ "$(cat "$out/settings" 2> /dev/null)" != "$settings" ]; then
    rm -f "$out"/curves.csv{,.part,.run.json}
    echo "stage,seconds" > "$out/seconds.csv"
    echo "$settings" > "$out/settings"
  fi
}

# Runs a stage, and notes how long it took; report.py adds up the starts of a stage. One that is stopped is not noted.
stage() { # name, command...
  local name=$1 start=$EPOCHREALTIME
  shift
  "$@"
  awk -v name="$name" -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%s,%.1f\n", name, b - a }' >> "$out/seconds.csv"
}

# Removes the curves of an earlier start if they follow other maps, of images that have changed: `perturb --resume` takes a
# complete table as it is.
forget_other_curves() {
  cksum < "$out/maps.csv" > "$out/maps.cksum.new"
  cmp -s "$out/maps.cksum" "$out/maps.cksum.new" || rm -f "$out"/curves.csv{,.part,.run.json}
  mv "$out/maps.cksum.new" "$out/maps.cksum"
}

study() {
  local chosen=() asked=() item
  begin
  for item in "${methods[@]}"; do chosen+=(-m "$item"); done
  for item in "${tests[@]}"; do asked+=(-t "$item"); done
  stage explain explain "${model[@]}" "${chosen[@]}" -o "$out/maps" --resume -O "$out/maps.csv" "${images[@]}"
  forget_other_curves
  stage perturb perturb "${model[@]}" "${asked[@]}" --record "$out/perturb.json" --resume -O "$out/curves.csv" "$out/maps.csv"
  stage score score "$out/curves.csv" -O "$out/scores.csv"
  stage score-maps score "$out/maps.csv" -O "$out/places.csv"
  stage correlate correlate "$out/scores.csv" "$out/places.csv" -O "$out/correlate.csv"
  stage rank rank "$out/scores.csv" "$out/places.csv" -O "$out/rank.csv"
  stage separation rank --separation "$out/scores.csv" -O "$out/separation.csv"
  stage render render --sheet "$out/sheet.png" --limit 6 --tile 96 -o "$out/png" "$out/maps.csv" -O "$out/png.csv"
}
