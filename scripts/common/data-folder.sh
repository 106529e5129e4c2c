#!/usr/bin/env bash
# PostgreSQL's data folder.

# The state of the cluster in data folder $2, by the pg_controldata in folder $1: "in production", "shut down in recovery" …
cluster_state() {
  LC_ALL=C "$1/pg_controldata" -D "$2" | sed -n 's/^Database cluster state: *//p'
}

# Whether a cluster in state $1 was a standby when it last ran.
in_recovery() {
  [[ $1 =~ (archive|down in)\ recovery$ ]]
}
