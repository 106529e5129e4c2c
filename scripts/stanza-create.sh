#!/usr/bin/env bash
# Creates stanza $2 as account $1 and proves that PostgreSQL can archive into it.
# Safe to run again: stanza-create accepts a stanza that exists and is valid.
set -euo pipefail

main() {
  local account=$1 stanza=$2
  as "$account" pgbackrest --stanza="$stanza" stanza-create
  as "$account" pgbackrest --stanza="$stanza" check
}

main "$@" </dev/null
