#!/usr/bin/env bash
# Takes a full backup of stanza $2 as account $1 into each of the repositories $3…, beside those that are there, and prints their labels as JSON.
# Safe to run again: it takes another one.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

main() {
  local account=$1 stanza=$2 repository
  for repository in "${@:3}"; do
    as "$account" pgbackrest --stanza="$stanza" --repo="$repository" --type=full --log-level-console=warn backup >&2
    ask_info "$account" "$stanza" "--repo=$repository"
  done | jq -s 'map(.[0].backup[-1].label)'
}

main "$@" </dev/null
