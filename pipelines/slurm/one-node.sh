#!/usr/bin/env bash
# A private Slurm of one node, for tests: as root, without systemd, cgroups, network or database. What it writes lies in FOLDER,
# but for a link, /run/slurm/conf, where Slurm looks for its configuration if /etc/slurm has none: Snakemake's jobs lose the
# variable SLURM_CONF. A machine that has a Slurm of its own is refused.
#
# Usage: one-node.sh start FOLDER [CPUS] | stop FOLDER
set -euo pipefail
action=${1:?}
mkdir -p "${2:?}"
folder=$(cd "$2" && pwd)
cpus=${3:-4} # claimed, whatever there are
link=/run/slurm/conf
daemons=(munged slurmctld slurmd)

fail() { echo "one-node.sh: $*" >&2; exit 1; }

# Packages, where they are missing; their services need not start, and without systemd do not.
install_slurm() {
  if ! command -v slurmctld slurmd munged > /dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends slurm-wlm munge
  fi > "$folder/apt.log" 2>&1 || fail "cannot install slurm-wlm and munge: $folder/apt.log"
}

configure() {
  local host
  host=$(hostname -s)
  mkdir -p "$folder"/{conf,state,spool,log,run}
  chmod 755 "$folder" "$folder/run"
  (umask 077; head -c 1024 /dev/urandom > "$folder/munge.key")
  cat > "$folder/conf/slurm.conf" << END
ClusterName=one-node
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/run/munge.socket
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/jobcomp.log
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
KillWait=5
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
}

start() {
  [ "$(id -u)" -eq 0 ] || fail "only root can start Slurm's daemons"
  [ ! -e /etc/slurm/slurm.conf ] && [ ! -e "$link" ] || fail "this machine has a Slurm, or another one-node.sh runs"
  install_slurm
  configure
  mkdir -p "$(dirname "$link")"
  ln -sfn "$folder/conf" "$link"
  munged --force --key-file="$folder/munge.key" --socket="$folder/run/munge.socket" --pid-file="$folder/run/munged.pid" \
    --log-file="$folder/log/munged.log" --seed-file="$folder/run/munged.seed"
  slurmctld -f "$folder/conf/slurm.conf"
  slurmd -f "$folder/conf/slurm.conf"
  for _ in {1..40}; do
    ! sinfo -h -t idle 2> /dev/null | grep -q idle || return 0
    sleep 0.5
  done
  fail "the node is not idle after 20 seconds: $folder/log"
}

# Only what was started here, by its pid file: jobs first, which live on without slurmd.
stop() {
  local i pid
  [ "$(readlink "$link")" = "$folder/conf" ] || fail "$folder is not what runs"
  scancel --state=RUNNING,PENDING --user="$(id -un)" 2> /dev/null || true
  for _ in {1..20}; do
    [ -n "$(squeue -h 2> /dev/null)" ] || break
    sleep 0.5
  done
  for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
    pid=$(cat "$folder/run/${daemons[i]}.pid" 2> /dev/null) || continue
    kill "$pid" 2> /dev/null || true
    for _ in {1..20}; do kill -0 "$pid" 2> /dev/null && sleep 0.5 || break; done
  done
  rm "$link"
  rmdir --ignore-fail-on-non-empty "$(dirname "$link")"
}

case $action in
  start | stop) "$action" ;;
  *) fail "start or stop, not $action" ;;
esac
