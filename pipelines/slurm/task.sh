#!/usr/bin/env bash
#SBATCH --job-name=shard --requeue --open-mode=append --signal=B:USR1@60
# One task of submit.sh's array. Slurm starts it again after a preemption or the loss of a node; it does so itself when its time is
# nearly up or a tool was killed, as long as it gets on: shard.sh ends with advice where it does not.
set -euo pipefail
here=$1 out=$2 k=$SLURM_ARRAY_TASK_ID
source "$here/common.sh"
read_study "$out/study.sh"
echo "task.sh: shard $k, start $((${SLURM_RESTART_COUNT:-0} + 1)) on $(hostname), $(date -u +%FT%TZ)"

again() { # why
  touch "$out/logs/$k-of-$shards.cut"
  echo "task.sh: $1: back into the queue"
  scontrol requeue "$SLURM_JOB_ID"
  sleep 60 # Slurm ends this script meanwhile
}

trap 'again "the time is nearly up"; exit 1' USR1
status=0
"$here/shard.sh" "$out" "$k" & wait $! || status=$? # a trap waits for a command, but not for `wait`
[ "$status" -ne 137 ] || again "a tool was killed by SIGKILL, by hand or for its memory"
exit "$status"
