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
