#!/usr/bin/env bash
# Takes a full backup of stanza $2 as account $1, beside those that are there, and prints its label as JSON.
# Safe to run again: it takes another one.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

main() {
  local account=$1 stanza=$2
  as "$account" pgbackrest --stanza="$stanza" --type=full --log-level-console=warn backup >&2
  stanza_info "$account" "$stanza" | jq '.[0].backup[-1].label'
}

main "$@" </dev/null
