#!/usr/bin/env bash
# One whole pipeline on the embedded images, in seconds: every stage, through pipes, and the literal pipe of maps.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

explain -q -m gradcam -m gradient -m random -o "$work/maps" testbed/{000,001,002,003} > "$work/maps.csv"
perturb -q -t deletion:steps=10 -t insertion:steps=10 -t pos -t mask "$work/maps.csv" | score > "$work/scores.csv"
score "$work/maps.csv" > "$work/places.csv"
rank "$work/scores.csv" "$work/places.csv" > "$work/rank.csv"
rank --separation "$work/scores.csv" > "$work/separation.csv"
correlate "$work/scores.csv" "$work/places.csv" > "$work/correlate.csv"
render -q -o "$work/png" --sheet "$work/sheet.png" "$work/maps.csv" > "$work/png.csv"
report -q "$work"/{maps,scores,places,rank,correlate}.csv -o "$work/report.html"
explain -q --npy testbed/000 | perturb -q -t deletion:steps=10 --image testbed/000 | score > "$work/pipe.csv"

lines() { test "$(wc -l < "$work/$1")" -eq "$2" || { echo "$1 has $(wc -l < "$work/$1") lines, not $2" >&2; exit 1; }; }
lines maps.csv 13      # 3 methods x 4 images and a header
lines scores.csv 73    # x 6 metrics: deletion, insertion, pos, del, adp, pic
lines places.csv 25    # x 2 metrics: pointing-game, energy-pointing-game
lines rank.csv 25      # 8 metrics x 3 methods
lines separation.csv 7
lines png.csv 13
lines pipe.csv 2
test -s "$work/sheet.png" -a -s "$work/report.html"
echo "smoke: every stage ran"
