#!/usr/bin/env bash
# Takes the first full backup of stanza $2 as account $1.
# Safe to run again: a stanza that has a full backup is left as it is.
set -euo pipefail

full_backups() {
  stanza_info "$1" "$2" |
    jq '[.[0].backup[] | select(.type == "full" and .error != true)] | length'
}

main() {
  local account=$1 stanza=$2
  [[ $(full_backups "$account" "$stanza") != 0 ]] || as "$account" pgbackrest --stanza="$stanza" --type=full backup
  [[ $(full_backups "$account" "$stanza") != 0 ]]
}

main "$@" </dev/null
