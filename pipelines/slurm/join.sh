#!/usr/bin/env bash
# Joins the shards of the study in OUT, submitted by submit.sh to run behind them: the ranking and the correlations. Both refuse
# what is not complete; which shard is missing is said here.
#
# Usage: join.sh HERE OUT
set -euo pipefail
source "$1/common.sh"
out=$2
read_study "$out/study.sh"
lost=$(missing "$out" | paste -sd ' ')
[ -z "$lost" ] || fail "no scores of shard $lost of $shards: $out/logs/SHARD.log says why; submit.sh again does these alone"
parts=("$out"/scores/*-of-"$shards".csv.zst)
[ ${#metrics[@]} -eq 0 ] || parts+=("$out"/places/*-of-"$shards".csv.zst)
rank "${parts[@]}" -O "$out/rank.csv"
correlate "${parts[@]}" -O "$out/correlate.csv"
