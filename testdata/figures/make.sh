#!/usr/bin/env bash
# The small tables that the figures are drawn from, by the tools themselves, and a picture of 8 x 8 pixels. They are drawn, not measured:
# whatever wrote them, the figures are compared with what was looked at.
#   make.sh         in this folder, with the tools in the search path
set -euo pipefail
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
model=(-q --model testbed)
explain "${model[@]}" -m gradcam -m random -m integrated-gradients:steps=10 -m input-x-gradient testbed/00{0..9} -o "$work/maps" -O "$work/maps.csv"
plain() { cut -d, -f1-"$1"; } # Without the paths of maps.
perturb "${model[@]}" -t deletion:steps=10 -t insertion:steps=10 "$work/maps.csv" -O "$work/answers.csv"
score "$work/answers.csv" -m deletion -m insertion -O "$work/scores.csv"
plain 7 < "$work/answers.csv" > answers.csv
plain 7 < "$work/scores.csv" > scores.csv
sed -i 's/^image,target,model,method,test,fraction,probability$/&,predicted/; 2,$s/$/,/' answers.csv
rank "$work/scores.csv" > ranks.csv
rank --significance "$work/scores.csv" > significance.csv
rank --pairs "$work/scores.csv" > pairs.csv
score --density "$work/maps.csv" | awk 'NR == 1 || NR % 5 == 2' > densities.csv
perturb "${model[@]}" -t deletion -t insertion -t pos -t mask:fill=zero -t road "$work/maps.csv" | score | correlate > correlations.csv
explain "${model[@]}" -m 'nbee:metric=(pos),samples=6,arms=blur+uniform+constant' -m 'best-of:methods=(gradcam)(random)(gradient),metric=(pos)' \
  testbed/00{0..4} -o "$work/tried" --trace trace.csv > /dev/null
