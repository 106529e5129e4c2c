#!/usr/bin/env bash
# PostgreSQL's data folder.
source common/move-aside.sh
source common/shell.sh

# Empties a data folder for a restore: leftovers of an interrupted restore are moved aside.
make_room() {
  local data=$1
  [[ -z $(ls -A "$data" 2>/dev/null) ]] || move_aside "$data" incomplete "$data held no complete cluster"
  as postgres mkdir -p "$data"
  chmod 0700 "$data"
}

# The state of the cluster in data folder $2, by the pg_controldata in folder $1: "in production", "shut down in recovery" …
cluster_state() {
  LC_ALL=C "$1/pg_controldata" -D "$2" | sed -n 's/^Database cluster state: *//p'
}

# Whether a cluster in state $1 was a standby when it last ran.
in_recovery() {
  [[ $1 =~ (archive|down in)\ recovery$ ]]
}
