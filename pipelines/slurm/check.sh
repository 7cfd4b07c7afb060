#!/usr/bin/env bash
# A cluster changes nothing. The study of study.sh, with its images in files that are staged to the node, is done
#   one          by one process of each tool, through a pipe
#   slurm        by submit.sh, while a task is requeued, the tool of another is killed, and so is the script of a third
#   snakemake    by ../snakemake, while a task is requeued and the tool of another is killed; all kills are SIGKILL, in mid-run
# on a Slurm of one node that is started for it. Maps, scores, ranking and correlations of all must be the same bytes. Two more
# studies whose time is too short for a pack of maps must end with advice.
#
# Usage: check.sh OUT      as root; installs what is missing of slurm-wlm, munge and zstd (apt), and Snakemake into OUT/venv (pip).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/common.sh"
mkdir -p "$1"
out=$(cd "$1" && pwd)
rm -rf "$out"/{images,one,slurm,snakemake,long,stuck,node,submit.log}
mkdir "$out"/{images,one,snakemake}
study=$out/study.sh

# A study like that of study.sh, with these lines behind it.
vary() { # study, line...
  { cat "$here/study.sh"; printf '%s\n' "${@:2}"; } > "$1"
}

images() { # in OUT/images
  explain -q -m random testbed | render -q --alpha 0 -o png > /dev/null
  { echo image; ls png/random/*.png; } > images.csv
  tar -cf "$out/images.tar" images.csv png
}

one() { # in OUT/images
  local one=$out/one
  explain -q "${model[@]}" "${methods[@]/#/-m}" --chunk "$chunk" "${images[@]}" -o "$one/maps" | tee "$one/maps.csv" |
    perturb -q "${model[@]}" "${tests[@]/#/-t}" | score -O "$one/scores.csv.zst"
  score "${metrics[@]/#/-m}" "$one/maps.csv" -O "$one/places.csv.zst"
  rank "$one"/{scores,places}.csv.zst -O "$one/rank.csv"
  correlate "$one"/{scores,places}.csv.zst -O "$one/correlate.csv"
}

# The process that explains a shard of a study in a job: nobody else's has this folder on its command line.
explainer() { # folder, shard
  local pid command
  for pid in $(pgrep -x explain); do
    command=$(tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline") 2> /dev/null || continue
    [[ "$command" != *--dry-run* && "$command" == *" --shard $2/"*" -o $1/maps "* ]] && echo "$pid" && return
  done
  return 1
}

# Waits until a shard is in the middle of its maps; prints the process.
in_mid_run() { # folder, shard
  local pid command
  for _ in {1..600}; do
    if pid=$(explainer "$1" "$2") && mapfile -d '' command < "/proc/$pid/cmdline" && cd "/proc/$pid/cwd" &&
      "${command[@]}" --dry-run 2> /dev/null | awk -F, '{ done += $(NF-7) } END { exit !done }'; then
      echo "$pid"
      return
    fi
    sleep 0.2
  done
  fail "shard $2 of $1 was never seen in the middle of its maps"
}

job_of() { tr '\0' '\n' < "/proc/$1/environ" | sed -n 's/^SLURM_JOB_ID=//p'; }   # process
parent() { ps -o ppid= -p "$1" | tr -d ' '; }                                    # process
is_left() { [ -n "$(squeue -h -j "$1" 2> /dev/null)" ]; }                        # job

# What is requeued waits two minutes, which a test need not.
hurry() {
  squeue -h -t PENDING -o '%A %r' | awk '$2 == "BeginTime" { print $1 }' | xargs -rI{} scontrol update jobid={} StartTime=now
}

wait_for() { # job...
  local job
  for job; do
    while is_left "$job"; do hurry; sleep 0.5; done
  done
}

submit() { # study, folder: prints the jobs
  "$here/submit.sh" "$1" "$2" | tee -a "$out/submit.log" | sed -n 's/^job \([0-9]*\):.*/\1/p'
}

expect() { # text, file
  grep -qF "$1" "$2" || fail "$2 does not say '$1'"
}

# A start that went on where another had left off.
expect_resumed() { # log
  grep -qE ': [1-9][0-9]* of [0-9]+ packs of maps are there' "$1" || fail "$1: nothing was resumed"
}

rows() { zstd -dcq "$@" | LC_ALL=C sort -u; } # the headers of all parts are one

compare() { # folder
  local kind
  diff -r --exclude=logs --exclude='*.csv' "$out/one/maps" "$1/maps"
  for kind in scores places; do cmp <(rows "$out/one/$kind.csv.zst") <(rows "$1/$kind"/*-of-"$shards".csv.zst); done
  cmp "$out/one/rank.csv" "$1/rank.csv"
  cmp "$out/one/correlate.csv" "$1/correlate.csv"
  echo "check.sh: $(basename "$1"): $(rows "$1"/{scores,places}/*.zst | grep -vc '^image,') scores, the ranking and the" \
    "correlations are the bytes of one process"
}

on_slurm() {
  local folder=$out/slurm jobs pid
  mapfile -t jobs < <(submit "$study" "$folder")
  pid=$(in_mid_run "$folder" 1)
  scontrol requeue "$(job_of "$pid")"
  pid=$(in_mid_run "$folder" 2)
  kill -KILL "$pid"
  pid=$(in_mid_run "$folder" 3)
  kill -KILL "$(parent "$(parent "$pid")")" # shard.sh started it, and task.sh that
  wait_for "${jobs[@]}"
  for k in 1 2; do
    expect "start 2" "$folder/logs/$k.log"
    expect_resumed "$folder/logs/$k.log"
  done
  expect "JOB REQUEUE" "$folder/logs/1.log"
  expect "killed by SIGKILL" "$folder/logs/2.log"
  expect "no scores of shard 3 of $shards" "$folder/logs/join.log"
  [ ! -e "$folder/rank.csv" ] || fail "a study without shard 3 has been ranked"
  mapfile -t jobs < <(submit "$study" "$folder")
  expect "job ${jobs[0]}: shards 3 of $shards" "$out/submit.log"
  wait_for "${jobs[@]}"
  expect_resumed "$folder/logs/3.log"
  compare "$folder"
}

on_snakemake() {
  local folder=$out/snakemake pid job
  cd "$folder"
  "$out/venv/bin/snakemake" -s "$here/../snakemake/Snakefile" --profile "$here/../snakemake/profile" --slurm-no-account \
    --slurm-status-command squeue --slurm-init-seconds-before-status-checks 5 --config study="$study" out="$folder" \
    > snakemake.log 2>&1 & snakemake=$!
  trap 'kill "$snakemake" 2> /dev/null || true' EXIT
  pid=$(in_mid_run "$folder" 1)
  job=$(job_of "$pid")
  scontrol requeue "$job"
  pid=$(in_mid_run "$folder" 2)
  kill -KILL "$pid"
  while kill -0 "$snakemake" 2> /dev/null; do hurry; sleep 0.5; done
  wait "$snakemake" || fail "Snakemake failed: $folder/snakemake.log"
  scontrol show job "$job" | grep -q 'Restarts=1' || fail "job $job was not requeued"
  expect "Trying to restart job" snakemake.log
  for k in 1 2; do
    grep -rqE "shard $k of $shards: [1-9][0-9]* of" .snakemake/slurm_logs || fail "Snakemake: shard $k was not resumed"
  done
  compare "$folder"
}

# A time limit below what a pack is foretold to take; and a task that is cut short before its first pack is done.
too_short() {
  local jobs count=("shards=1" "images=(testbed/000)" "stage=")
  vary "$out/long.sh" "${count[@]}" "minutes=1" "methods=(rise:masks=4000000)"
  vary "$out/stuck.sh" "${count[@]}" "minutes=60" "methods=(rise:masks=400000)"
  mapfile -t jobs < <(submit "$out/long.sh" "$out/long"; submit "$out/stuck.sh" "$out/stuck")
  until explainer "$out/stuck" 1 > /dev/null; do sleep 0.2; done
  kill -KILL "$(explainer "$out/stuck" 1)"
  wait_for "${jobs[@]}"
  expect "more minutes, more cpus, or fewer images in a chunk" "$out/long/logs/1.log"
  expect "its last start was cut short" "$out/stuck/logs/1.log"
  ! grep -q 'start 2' "$out/long/logs/1.log" || fail "$out/long/logs/1.log: it was started again"
  ! grep -q 'start 3' "$out/stuck/logs/1.log" || fail "$out/stuck/logs/1.log: it was started a third time"
  echo "check.sh: a task too short for a pack of maps ends with advice, and so does one that is cut short and gets no further"
}

command -v zstd > /dev/null || apt-get install -qq -y zstd > /dev/null
[ -x "$out/venv/bin/python" ] || python3 -m venv "$out/venv"
"$out/venv/bin/pip" install -q -r "$here/../snakemake/requirements.txt"
"$here/one-node.sh" start "$out/node" 4
trap '"$here/one-node.sh" stop "$out/node"' EXIT
trap 'exit 143' TERM # and so through EXIT
vary "$study" "images=(--images images.csv)" "metrics=(gini)" "stage=$out/images.tar"
read_study "$study"
cd "$out/images"
images
one
cd "$here"
on_slurm
(on_snakemake)
too_short
