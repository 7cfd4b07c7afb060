#!/usr/bin/env bash
# Submits a study to Slurm: its shards as an array, and a job that joins them when all have ended. Submitted again, it submits the
# shards that have no scores. Account and partition: SBATCH_ACCOUNT, SBATCH_PARTITION.
#
# Usage: submit.sh STUDY OUT [OPTION...]      options of sbatch for the tasks, such as --gres=gpu:1
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/common.sh"
study=${1:?} out=${2:?}
shift 2
begin "$study" "$out"
out=$(cd "$out" && pwd)
[ ! -e "$out/logs/job" ] || [ -z "$(squeue -h -j "$(cat "$out/logs/job")" 2> /dev/null)" ] ||
  fail "job $(cat "$out/logs/job") of this study has not ended: scancel $(cat "$out/logs/job")"

after=()
shards_left=$(missing "$out" | paste -sd ,)
if [ -n "$shards_left" ]; then
  # The number of shards is the study's: SLURM_ARRAY_TASK_COUNT would be that of this submission.
  job=$(sbatch --parsable --array="$shards_left${at_once:+%$at_once}" --time="$minutes" --cpus-per-task="$cpus" --mem="$memory" \
    --output="$out/logs/%a.log" "$@" "$here/task.sh" "$here" "$out")
  echo "$job" > "$out/logs/job"
  echo "job $job: shards $shards_left of $shards"
  after=(--dependency="afterany:$job") # afterok would wait for ever behind a task that has failed
fi
job=$(sbatch --parsable --job-name=join "${after[@]}" --time=60 --cpus-per-task=2 --mem=2000 --open-mode=append \
  --output="$out/logs/join.log" "$here/join.sh" "$here" "$out")
echo "job $job: $out/rank.csv and correlate.csv"
