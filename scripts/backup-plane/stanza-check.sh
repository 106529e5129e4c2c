#!/usr/bin/env bash
# Verifies as account $1 that WAL of stanza $2 reaches the repository.
# Safe to run again: it only switches to a new WAL segment.
set -euo pipefail
source common/shell.sh

main() {
  local account=$1 stanza=$2
  as "$account" pgbackrest --stanza="$stanza" check
}

main "$@" </dev/null
