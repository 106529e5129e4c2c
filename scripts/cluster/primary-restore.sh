#!/usr/bin/env bash
# Restores a lost primary from stanza $1 into data folder $2, if a repository holds a backup ($3: backup or none).
# Safe to run again: an existing cluster is left as it is; leftovers of an interrupted restore are moved aside.
set -euo pipefail
source common/pgbackrest.sh
source common/restore.sh
source common/shell.sh

repository_answers() {
  local statuses
  statuses=$(stanza_info postgres "$1" | repository_statuses)
  echo "$statuses"
  # pgBackRest restores from the first that has one.
  grep -q '^0 ' <<<"$statuses"
}

main() {
  local stanza=$1 data=$2 held=$3
  if [[ -e $data/global/pg_control || $held == none ]]; then return; fi
  # After a loss, the new host's certificate and configuration are installed meanwhile.
  await 600 "the repository holds a backup of stanza $stanza, but cannot be read" repository_answers "$stanza"
  make_room "$stanza" "$data"
  # Up to the end of the archive: PostgreSQL replays it at its start, then is a primary on a new timeline.
  as postgres pgbackrest --stanza="$stanza" restore
  [[ -e $data/global/pg_control ]] || fail "pgBackRest restored no cluster to $data"
}

main "$@" </dev/null
