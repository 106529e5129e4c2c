#!/usr/bin/env bash
# Verifies on standby $2, with the programs in folder $1, that the primary's row for it, written at $3 or later, has arrived.
# Safe to run again: it only reads.
set -euo pipefail
source common/postgresql.sh
source common/shell.sh

# Fails with the row found instead.
arrived() {
  local row
  row=$(query "$1" -c "SELECT pg_is_in_recovery() AND written AT TIME ZONE 'UTC' >= '$3', pg_is_in_recovery(), written
    FROM lab.streaming WHERE standby = '$2'")
  [[ $row != 't|'* ]] || return 0
  echo "${row:-no row}"
  return 1
}

main() {
  await 60 "the standby must be in recovery and have the row that the primary wrote at $3; it has" arrived "$@"
}

main "$@" </dev/null
