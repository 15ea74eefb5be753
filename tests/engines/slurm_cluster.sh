#!/usr/bin/env bash
# Start a Slurm cluster of one node, from Debian's packages slurm-wlm and munge, or stop it; needs root.
# Usage: slurm_cluster.sh start FOLDER [CPUS] | stop FOLDER. Then set SLURM_CONF=FOLDER/slurm.conf for Slurm's commands.
set -euo pipefail

action=$1
folder=$(realpath -m "$2")
cpus=${3:-$(nproc)}

stop() {
    for daemon in slurmd slurmctld munged; do
        if [[ -f $folder/$daemon.pid ]]; then
            kill "$(<"$folder/$daemon.pid")" 2>/dev/null || true
        fi
    done
}

if [[ $action == stop ]]; then
    stop
    exit 0
fi

port=$((20000 + RANDOM / 2 * 2))
mkdir -p "$folder/state" "$folder/spool"
chmod 755 "$folder"

# munge authenticates the daemons to each other; the socket is its own, so that a running munged is left alone
head -c 1024 /dev/urandom > "$folder/munge.key"
chmod 600 "$folder/munge.key"
munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/munge.seed"

cat > "$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1
ReturnToService=2
InactiveLimit=0
KillWait=30
MinJobAge=300
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$cpus State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF

export SLURM_CONF=$folder/slurm.conf
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF"
for _ in $(seq 100); do
    if timeout 5 sinfo --noheader --format=%T 2>/dev/null | grep -q -E '^(idle|mixed|allocated)'; then
        exit 0
    fi
    sleep 0.3
done
echo "The cluster did not start; its logs are in $folder." >&2
stop
exit 1
