#!/usr/bin/env bash
# Ten methods and every test on the embedded images and classifier, in under a minute.
set -euo pipefail
out=${1:-out/demo}
here=$(dirname "$0")
model=()
methods=(random gradient input-x-gradient smoothgrad:samples=20 integrated-gradients guided-backprop gradcam layercam
  occlusion rise:masks=500)
tests=(deletion:steps=25 insertion:steps=25 deletion:steps=25,region=9 pos neg mask mask:percentile=75)
images=(testbed/0{00,01,02,03,04,05,06,07,08,09,10,11,12,13,14,15,16,17,18,19})
source "$here/study.sh"
study
rank --significance "$out/scores.csv" "$out/places.csv" -O "$out/significance.csv"
rank --pairs "$out/scores.csv" "$out/places.csv" -O "$out/pairs.csv"
report -q "$out"/{maps,curves,scores,places,rank,correlate,significance,pairs}.csv --record "$out/perturb.json" -o "$out/report.html" \
  --title "Ten methods on the testbed"

# Cells that hold commas are quoted; a semicolon in their place keeps awk simple.
plain() { sed -E ':a; s/("[^",]*),([^"]*")/\1;\2/; ta; s/"//g' "$1"; }

echo
echo "Ranking: methods from best to worst, with the mean over ${#images[@]} images"
plain "$out/rank.csv" | awk -F, '
  NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
  { key = $at["metric"] ($at["direction"] == "higher" ? " (up)" : " (down)") }
  key != last { if (NR > 2) print ""; printf "%-34s", key; last = key }
  { printf " %s %.3g", $at["method"], $at["mean"] }
  END { print "" }'
echo
echo "Agreement of the metrics over images, mean over methods (Spearman; point-biserial where one is yes or no)"
plain "$out/correlate.csv" | awk -F, '
  NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
  $at["method"] == "mean" { a = $at["metric_a"]; b = $at["metric_b"]; r[a, b] = r[b, a] = $at["correlation"]
    if (!(a in seen)) { seen[a]; name[++n] = a } if (!(b in seen)) { seen[b]; name[++n] = b } }
  END {
    printf "%-34s", ""
    for (j = 1; j <= n; j++) printf "%7d", j
    print ""
    for (i = 1; i <= n; i++) {
      printf "%2d %-31s", i, name[i]
      for (j = 1; j <= n; j++) if (i == j) printf "%7s", "-"; else printf "%7s", (r[name[i], name[j]] == "NaN" ? "NaN" : sprintf("%+.2f", r[name[i], name[j]]))
      print ""
    } }'
echo
echo "Distance of the methods from the random map (rand_dist)"
plain "$out/separation.csv" | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { printf "%-34s %.3f\n", $at["metric"], $at["rand_dist"] }'
echo
echo "Images: $out/sheet.png (image x method) and $out/png. Tables: $out/*.csv; as Markdown: python3 pipelines/report.py $out"
echo "Report: $out/report.html"
