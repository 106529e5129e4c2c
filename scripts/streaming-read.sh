#!/usr/bin/env bash
# Proves on standby $1 that the row which the primary wrote for it at $2 is there.
# Safe to run again: it only reads. A later row is as good.
set -euo pipefail

query() {
  sudo -u postgres psql -XAtq -v ON_ERROR_STOP=1 -d postgres -c "$1"
}

main() {
  local standby=$1 written=$2 deadline=$((SECONDS + 60))
  until [[ $(query "SELECT pg_is_in_recovery() AND written AT TIME ZONE 'UTC' >= '$written'
    FROM lab.streaming WHERE standby = '$standby'" 2>/dev/null) == t ]]; do
    if ((SECONDS >= deadline)); then
      echo "$standby must have the row that the primary wrote at $written, has: $(query 'TABLE lab.streaming' 2>&1)" >&2
      return 1
    fi
    sleep 0.2
  done
}

main "$@" </dev/null
