#!/usr/bin/env bash
# Gives a primary whose data is lost the state that stanza $1 has of it, in data folder $2, when the repository holds a backup ($3:
# backup or none). Safe to run again: a cluster that is there is left as it is, what an interrupted restore left is moved aside.
set -euo pipefail

repository_answers() {
  local info
  info=$(stanza_info postgres "$1")
  [[ $(jq '.[0].status.code' <<<"$info") == 0 ]]
}

main() {
  local stanza=$1 data=$2 held=$3
  if [[ -e $data/global/pg_control || $held == none ]]; then return; fi
  # A new host's certificate and configuration come meanwhile; only after a loss is there something to wait for.
  if ! await 600 repository_answers "$stanza" 2>/dev/null; then
    echo "the repository holds a backup of stanza $stanza, and $(hostname) cannot read it:" >&2
    as postgres pgbackrest --stanza="$stanza" info >&2
    return 1
  fi
  make_room "$data"
  # To the end of the archive: PostgreSQL replays it when it starts, and goes on as a primary on a timeline of its own.
  as postgres pgbackrest --stanza="$stanza" restore
  [[ -e $data/global/pg_control ]]
}

main "$@" </dev/null
