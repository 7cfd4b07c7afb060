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
python=$(command -v python3 || true)
if [ -n "$python" ]; then "$python" "$here/report.py" "$out"; else column -s, -t "$out/rank.csv"; fi
echo
echo "Pictures: $out/sheet.png and $out/png; tables: $out/*.csv"
