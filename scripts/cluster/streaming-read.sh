#!/usr/bin/env bash
# Proves on standby $2, whose programs lie in folder $1, that the row which the primary wrote for it at $3 is there.
# Safe to run again: it only reads. A later row is as good.
set -euo pipefail

arrived() {
  [[ $(query "$1" -c "SELECT pg_is_in_recovery() AND written AT TIME ZONE 'UTC' >= '$3'
    FROM lab.streaming WHERE standby = '$2'" 2>/dev/null) == t ]]
}

main() {
  local binaries=$1 standby=$2 written=$3
  if ! await 60 arrived "$@"; then
    echo "$standby must have the row that the primary wrote at $written, has: $(query "$binaries" -c 'TABLE lab.streaming' 2>&1)" >&2
    return 1
  fi
}

main "$@" </dev/null
