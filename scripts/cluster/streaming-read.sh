#!/usr/bin/env bash
# Proves on standby $2, whose programs lie in folder $1, that the row which the primary wrote for it at $3 is there.
# Safe to run again: it only reads. A later row is as good.
set -euo pipefail
source common/postgresql.sh
source common/shell.sh

# The row, when it is not the one.
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
