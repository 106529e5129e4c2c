#!/usr/bin/env bash
# Verifies that the host works again after its restart at $1 (empty: it was not restarted): the units $9... that are enabled run; a standby
# ($2) streams; on the repository host and the primary, WAL of stanza $4 reaches the repository as account $3. $5 is the folder of
# PostgreSQL's programs, $6 the data folder, $7 and $8 the address and port of the host that it works with; a host that does not answer
# there is no reason to wait. Safe to run again: it only reads, and switches to a new WAL segment.
set -euo pipefail
source common/pgbackrest.sh
source common/postgresql.sh
source common/shell.sh

runs() {
  systemctl is-active "$1"
}

# What is not enabled was not set up before an interrupted run.
units_run() {
  local unit
  for unit; do
    ! systemctl --quiet is-enabled "$unit" 2>/dev/null || await 120 "$unit must run again; it is" runs "$unit"
  done
}

reachable() {
  timeout 2 bash -c "</dev/tcp/$1/$2" 2>/dev/null
}

streams_from() {
  local status
  status=$(query "$1" -c 'SELECT status FROM pg_stat_wal_receiver')
  [[ $status != streaming ]] && reachable "$2" "$3" || return 0
  echo "${status:-no WAL receiver}"
  return 1
}

has_stanza() {
  command -v pgbackrest >/dev/null && [[ $(stanza_info "$1" "$2" | jq '.[0].status.code') == 0 ]]
}

main() {
  local restarted=$1 role=$2 account=$3 stanza=$4 binaries=$5 data=$6 peer=$7 port=$8
  [[ -n $restarted ]] || return 0
  units_run "${@:9}"
  case $role in
    standby)
      [[ ! -e $data/standby.signal ]] || await 120 "the standby must stream again; it has" streams_from "$binaries" "$peer" "$port"
      ;;
    repository | primary)
      ! has_stanza "$account" "$stanza" || ! reachable "$peer" "$port" || as "$account" pgbackrest --stanza="$stanza" check
      ;;
  esac
}

main "$@" </dev/null
