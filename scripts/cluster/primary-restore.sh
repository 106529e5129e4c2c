#!/usr/bin/env bash
# Gives a primary whose data is lost the state that stanza $1 has of it, in data folder $2, when the repository holds a backup ($3:
# backup or none). Safe to run again: a cluster that is there is left as it is, what an interrupted restore left is moved aside.
set -euo pipefail
source common/data-folder.sh
source common/pgbackrest.sh
source common/shell.sh

repository_answers() {
  local status
  status=$(stanza_info postgres "$1" | jq -r '.[0].status | "\(.code) (\(.message))"')
  echo "$status"
  [[ $status == "0 "* ]]
}

main() {
  local stanza=$1 data=$2 held=$3
  if [[ -e $data/global/pg_control || $held == none ]]; then return; fi
  # A new host's certificate and configuration come meanwhile; only after a loss is there something to wait for.
  await 600 "the repository holds a backup of stanza $stanza, but cannot be read" repository_answers "$stanza"
  make_room "$data"
  # To the end of the archive: PostgreSQL replays it when it starts, and goes on as a primary on a timeline of its own.
  as postgres pgbackrest --stanza="$stanza" restore
  [[ -e $data/global/pg_control ]] || fail "pgBackRest restored no cluster to $data"
}

main "$@" </dev/null
