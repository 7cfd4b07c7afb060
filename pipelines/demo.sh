#!/usr/bin/env bash
# Nine methods and every test on the embedded pictures and classifier, in under a minute.
set -euo pipefail
out=${1:-out/demo}
here=$(dirname "$0")
model=()
preprocess=()
methods=(random gradient input-x-gradient smoothgrad:samples=20 integrated-gradients guided-backprop gradcam layercam
  occlusion rise:masks=500)
tests=(deletion:steps=25 insertion:steps=25 deletion:steps=25,region=9 pos neg mask mask:percentile=75)
pictures=(testbed/0{00,01,02,03,04,05,06,07,08,09,10,11,12,13,14,15,16,17,18,19})
source "$here/study.sh"
study

# Columns of a table, aligned; a choice of rows and columns by name.
show() { # file, condition on the method, columns...
  local file=$1 wanted=$2
  shift 2
  awk -F, -v wanted="$wanted" -v columns="$*" '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(columns, name, " ") }
    NR > 1 && wanted != "" && $at["method"] != wanted { next }
    { line = ""
      for (i = 1; i <= n; i++) {
        cell = $at[name[i]]
        if (NR > 1 && cell ~ /^-?[0-9.]+(e-?[0-9]+)?$/) cell = sprintf("%.4g", cell)
        line = line sprintf(i < n ? "%-28s" : "%s", cell)
      }
      print line }' <(sed -E 's/"([^",]*),([^"]*)"/\1;\2/g; s/"([^",]*),([^"]*)"/\1;\2/g' "$file")
}

echo
echo "Ranking: the mean over ${#pictures[@]} pictures with its 95 % interval"
show "$out/rank.csv" "" metric direction method mean ci_low ci_high rank
echo
echo "Agreement of the metrics over pictures, mean over methods"
show "$out/correlate.csv" mean metric_a metric_b coefficient correlation
echo
echo "Distance of the methods from the random map (rand_dist)"
show "$out/separation.csv" "" metric rand_dist
echo
echo "A table for people: python3 pipelines/report.py $out"
echo "Pictures: $out/sheet.png (image x method) and $out/png; tables: $out/*.csv"
