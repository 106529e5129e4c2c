#!/usr/bin/env bash
# Takes a full backup of stanza $2 as account $1 into each of the repositories $3…, beside those that are there, and prints their labels as JSON.
# Waits while another backup runs, an hour at most. Safe to run again: it takes another one.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

# Error 50: another command holds the lock.
back_up() {
  local account=$1 stanza=$2 repository=$3 deadline=$((SECONDS + 3600)) status
  while true; do
    status=0
    as "$account" pgbackrest --stanza="$stanza" --repo="$repository" --type=full --log-level-console=warn backup >&2 || status=$?
    ((status == 50 && SECONDS < deadline)) || return "$status"
    sleep 5
  done
}

main() {
  local account=$1 stanza=$2 repository
  for repository in "${@:3}"; do
    back_up "$account" "$stanza" "$repository"
    ask_info "$account" "$stanza" "--repo=$repository"
  done | jq -s 'map(.[0].backup[-1].label)'
}

main "$@" </dev/null
