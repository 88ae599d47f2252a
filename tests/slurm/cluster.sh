#!/usr/bin/env bash
# A real one-node SLURM from Debian's packages, for tests: loopback, no systemd, no cgroups.
#
#   cluster.sh install        the packages (apt-get, as root)
#   cluster.sh up DIR         starts what does not run yet; a second call changes nothing
#   cluster.sh down DIR       cancels the jobs and stops exactly what `up` started
#   cluster.sh stop DIR NAME  stops one daemon, such as slurmctld; `up` starts it again
#
# Options, from the environment:
#   CLUSTER_CPUS            CPUs that the node offers, which may be more than there are (4)
#   CLUSTER_ACCOUNTING      dbd: slurmdbd over a private MariaDB, so that sacct works; none (dbd)
#   CLUSTER_MAX_ARRAY_SIZE  (1001)
#   CLUSTER_REQUEUE_SECONDS how long a requeued job waits; 5 at least (5)
#   CLUSTER_PORT            the first of three ports (26817)
# Afterwards `. DIR/env.sh` sets SLURM_CONF.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin
CPUS=${CLUSTER_CPUS:-4} ACCOUNTING=${CLUSTER_ACCOUNTING:-dbd} PORT=${CLUSTER_PORT:-26817}
ARRAY=${CLUSTER_MAX_ARRAY_SIZE:-1001} REQUEUE=${CLUSTER_REQUEUE_SECONDS:-5}
WAIT_SECONDS=60
PACKAGES=(munge slurm-wlm slurmdbd mariadb-server-core)

say() { echo "cluster: $*" >&2; }
die() {
  say "$*"
  [ -z "${DIR:-}" ] || tail -qn 5 "$DIR"/log/* >&2 2>/dev/null || true
  exit 1
}

install_packages() {
  local missing=() package rule=/usr/sbin/policy-rc.d made=
  for package in "${PACKAGES[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "installing ${missing[*]} needs root"
  # The packages must not start services of their own.
  if [ ! -e $rule ]; then printf '#!/bin/sh\nexit 101\n' >$rule; chmod 755 $rule; made=1; fi
  local get=(apt-get -qq -o DPkg::Lock::Timeout=300)
  export DEBIAN_FRONTEND=noninteractive
  "${get[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null 2>&1 ||
    { "${get[@]}" update >/dev/null 2>&1 &&
      "${get[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null; } ||
    { [ -z "$made" ] || rm -f $rule; die "apt-get could not install ${missing[*]}"; }
  [ -z "$made" ] || rm -f $rule
}

# The pid in NAME's file, where it is a living daemon of that name and of this folder.
pid_of() {
  local pid
  pid=$(cat "$DIR/run/$1.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] || return 1
  cat "/proc/$pid/cmdline" "/proc/$pid/environ" 2>/dev/null | tr '\0' '\n' | grep -qF "$DIR/" ||
    return 1
  echo "$pid"
}

wait_for() { # WHAT COMMAND...
  local what=$1 end=$((SECONDS + WAIT_SECONDS))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || die "$what: not after $WAIT_SECONDS s"
    sleep 0.1
  done
}

start() { # NAME COMMAND...
  local name=$1
  shift
  ! pid_of "$name" >/dev/null || return 0
  "$@" </dev/null >>"$DIR/log/$name.out" 2>&1 9>&- || die "$name does not start"
  wait_for "$name" pid_of "$name"
}

stop() { # NAME
  local pid
  pid=$(pid_of "$1") || return 0
  kill "$pid"
  for _ in $(seq 200); do
    case $(awk '/^State:/ { print $2 }' "/proc/$pid/status" 2>/dev/null) in '' | Z) break ;; esac
    sleep 0.05
  done
  ! pid_of "$1" >/dev/null || kill -9 "$pid"
  rm -f "$DIR/run/$1.pid"
}

configure() {
  local full host address memory store
  full=$(uname -n) host=${full%%.*}
  address=$(getent ahostsv4 "$full" | awk 'NR == 1 { print $1 }' || true)
  if [ -z "$address" ]; then
    echo "127.0.0.1 $full $host" >>/etc/hosts
    address=127.0.0.1
  fi
  # The daemons bind to what this machine's name resolves to. A step calls back 127.0.0.1, so that
  # slurmd must not bind to another loopback address alone.
  local bind=NoCtldInAddrAny,NoInAddrAny
  case $address in 127.0.0.1) ;; 127.*) bind=NoCtldInAddrAny ;; esac
  memory=$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) / 1024 * 9 / 10))
  mkdir -p "$DIR"/{run,log,spool,state,munge}
  chmod 755 "$DIR"
  [ -s "$DIR/munge/key" ] ||
    (umask 077 && dd if=/dev/urandom of="$DIR/munge/key" bs=1024 count=1 status=none)
  store=accounting_storage/none
  if [ "$ACCOUNTING" = dbd ]; then store=accounting_storage/slurmdbd; fi
  cat >"$DIR/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$host($address)
SlurmctldPort=$PORT
SlurmdPort=$((PORT + 1))
CommunicationParameters=$bind
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$DIR/run/munge.sock,cred_expire=$REQUEUE
CredType=cred/munge
MailProg=/bin/true
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool
SlurmctldPidFile=$DIR/run/slurmctld.pid
SlurmdPidFile=$DIR/run/slurmd.pid
SlurmctldLogFile=$DIR/log/slurmctld.log
SlurmdLogFile=$DIR/log/slurmd.log
PlugStackConfig=$DIR/plugstack.conf
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
AccountingStorageType=$store
AccountingStorageHost=$address
AccountingStoragePort=$((PORT + 2))
AccountingStoragePass=$DIR/run/munge.sock
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PriorityType=priority/basic
EnforcePartLimits=ALL
MaxArraySize=$ARRAY
MaxJobCount=100000
JobRequeue=1
ReturnToService=2
SlurmdTimeout=0
SlurmdParameters=config_overrides
InactiveLimit=0
MessageTimeout=3
KillWait=20
CompleteWait=0
NodeName=$host NodeAddr=$address CPUs=$CPUS RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
  [ "$ACCOUNTING" = dbd ] || sed -i '/^AccountingStorage[HP]/d' "$DIR/slurm.conf"
  : >"$DIR/plugstack.conf"
  echo "export SLURM_CONF=$DIR/slurm.conf" >"$DIR/env.sh"
  [ "$ACCOUNTING" = dbd ] || return 0
  (umask 077 && cat >"$DIR/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$DIR/run/munge.sock
DbdHost=localhost
DbdAddr=$address
DbdPort=$((PORT + 2))
SlurmUser=root
LogFile=$DIR/log/slurmdbd.log
PidFile=$DIR/run/slurmdbd.pid
CommunicationParameters=NoInAddrAny
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_acct
CONF
  )
  cat >"$DIR/my.cnf" <<CONF
[mysqld]
user=root
datadir=$DIR/mysql
socket=$DIR/run/mysql.sock
pid-file=$DIR/run/mariadbd.pid
log-error=$DIR/log/mariadbd.log
skip-networking
skip-grant-tables
skip-log-bin
innodb_buffer_pool_size=32M
innodb_log_file_size=16M
innodb_flush_log_at_trx_commit=0
innodb_lock_wait_timeout=900
CONF
}

start_accounting() {
  if [ ! -d "$DIR/mysql/mysql" ]; then
    mkdir -p "$DIR/mysql"
    { printf 'CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\n'
      cat /usr/share/mysql/mysql_system_tables.sql; } |
      mariadbd --defaults-file="$DIR/my.cnf" --bootstrap >>"$DIR/log/bootstrap.out" 2>&1 9>&- ||
      { rm -rf "$DIR/mysql"; die "the database cannot be created"; }
  fi
  if ! pid_of mariadbd >/dev/null; then
    setsid mariadbd --defaults-file="$DIR/my.cnf" </dev/null >>"$DIR/log/mariadbd.out" 2>&1 9>&- &
    wait_for mariadbd pid_of mariadbd
    wait_for "the database's socket" test -S "$DIR/run/mysql.sock"
  fi
  export MYSQL_UNIX_PORT=$DIR/run/mysql.sock
  start slurmdbd env SLURM_CONF="$DIR/slurm.conf" slurmdbd
  wait_for slurmdbd sacctmgr -n show cluster
}

node_is_up() { sinfo -h -N -o %T | grep -qxE 'idle|mixed|allocated|completing'; }

up() {
  [ "$(id -u)" = 0 ] || die "must be root"
  mkdir -p "$DIR"
  exec 9>"$DIR.lock"
  flock -w 180 9 || die "another call holds $DIR.lock"
  [ -e "$DIR/slurm.conf" ] || configure
  export SLURM_CONF=$DIR/slurm.conf
  start munged munged --socket="$DIR/run/munge.sock" --key-file="$DIR/munge/key" \
    --pid-file="$DIR/run/munged.pid" --log-file="$DIR/log/munged.log" \
    --seed-file="$DIR/munge/seed" --num-threads=2
  wait_for munge munge --socket="$DIR/run/munge.sock" --no-input
  if grep -q slurmdbd "$DIR/slurm.conf"; then start_accounting; fi
  start slurmctld slurmctld -f "$DIR/slurm.conf"
  start slurmd slurmd -f "$DIR/slurm.conf"
  wait_for slurmctld scontrol ping
  wait_for "the node" node_is_up
}

down() {
  local name
  [ -d "$DIR" ] || return 0
  if pid_of slurmctld >/dev/null; then
    export SLURM_CONF=$DIR/slurm.conf
    timeout 20 scancel --full --signal=KILL --state=RUNNING --user=root 2>/dev/null || true
    timeout 20 scancel --user=root 2>/dev/null || true
    for _ in $(seq 100); do
      [ -n "$(timeout 10 squeue -h -t R,S,CF,CG -o %A)" ] || break
      sleep 0.1
    done
  fi
  for name in slurmd slurmctld slurmdbd mariadbd munged; do stop $name; done
  rm -f "$DIR.lock"
}

case ${1:-} in
  install) install_packages ;;
  up) DIR=${2:?a folder}; up ;;
  down) DIR=${2:?a folder}; down ;;
  stop) DIR=${2:?a folder}; stop "${3:?a daemon}" ;;
  *) die "usage: cluster.sh install | up DIR | down DIR | stop DIR NAME" ;;
esac
