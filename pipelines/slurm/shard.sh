#!/usr/bin/env bash
# Shard K of the study in OUT, under any scheduler: its maps, then the classifier's answers straight into scores. What is done is
# not done again: packs of maps stay, and scores appear when they are complete. Where a task's time is too short to get on, it ends
# with advice and status 1; with 137 if a tool was killed.
#
# Usage: shard.sh OUT K
set -euo pipefail
source "$(dirname "$0")/common.sh"
out=$(cd "$1" && pwd)
k=$2
read_study "$out/study.sh"
name=$k-of-$shards
state=$out/logs/$name # .csv: what its last start had before it; .packs: what it found; .cut: that it was cut short
[ ! -e "$out/scores/$name.csv.zst" ] || exit 0

advise() { # what
  rm -f "$state.cut"
  fail "shard $k of $shards: $*. The study says minutes=$minutes, cpus=$cpus, chunk=$chunk, shards=$shards."
}

# Whether so many seconds, foretold on this machine, are more than a task has.
too_long() { # seconds
  awk -v seconds="$1" -v minutes="$minutes" 'BEGIN { exit !(seconds > 60 * minutes) }'
}

# Images are named from the folder that they are unpacked into: so they have the same names on every node.
if [ -n "$stage" ]; then
  scratch=$(mktemp -d -p "${SLURM_TMPDIR:-${TMPDIR:-/tmp}}")
  trap 'rm -rf "$scratch"' EXIT
  tar -xf "$stage" -C "$scratch"
  cd "$scratch"
fi

explain=(explain "${model[@]}" "${methods[@]/#/-m}" --chunk "$chunk" --shard "$k/$shards" -o "$out/maps" --resume
  --max-errors "$errors" "${images[@]}")
perturb=(perturb "${model[@]}" "${tests[@]/#/-t}" --max-errors "$errors" "$out/maps/$name.csv")

"${explain[@]}" --dry-run > "$state.csv"
# Columns are counted from the end: the commas of a method's parameters stand before them.
read -r packs there seconds longest < <(awk -F, 'NR > 1 { packs += $(NF-8); there += $(NF-7); seconds += $(NF-1) }
  NR > 1 && $NF > longest { longest = $NF } END { print packs, there, seconds, longest + 0 }' "$state.csv")
echo "shard $k of $shards: $there of $packs packs of maps are there; the others take about $seconds s, the longest $longest s"
! too_long "$longest" || advise "a pack of maps takes about $longest s: more minutes, more cpus, or fewer images in a chunk"
if [ -e "$state.cut" ] && [ "$there" = "$(cat "$state.packs")" ]; then
  advise "its last start was cut short before a pack or all of perturb was done: more minutes, more memory, or more shards"
fi
rm -f "$state.cut"
echo "$there" > "$state.packs"
"${explain[@]}" -O "$out/maps/$name.csv"

seconds=$("${perturb[@]}" --dry-run | awk -F, 'END { print $(NF-1) }')
echo "shard $k of $shards: perturb takes about $seconds s"
! too_long "$seconds" || advise "perturb takes about $seconds s: more minutes, more cpus, or more shards"
# A name of its own: score ends well on the answers of a perturb that was killed.
"${perturb[@]}" --record "$out/logs/perturb-$name.json" | score -O "$out/scores/.$name.csv.zst" ||
  { [[ " ${PIPESTATUS[*]} " != *" 137 "* ]] || exit 137; exit 1; }
[ ${#metrics[@]} -eq 0 ] || score "${metrics[@]/#/-m}" "$out/maps/$name.csv" -O "$out/places/$name.csv.zst"
mv "$out/scores/.$name.csv.zst" "$out/scores/$name.csv.zst"
