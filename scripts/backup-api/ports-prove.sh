#!/usr/bin/env bash
# Proves that from this host, host $1 is reached at port $2 and at none of the ports $3….
# Safe to run again: it only knocks.
set -euo pipefail
source common/shell.sh

is_open() {
  timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null
}

main() {
  local host=$1 open=$2 port
  shift 2
  is_open "$host" "$open" || fail "port $open of $host must be open, and is not reached"
  for port; do
    ! is_open "$host" "$port" || fail "port $port of $host must be closed, and is reached"
  done
}

main "$@" </dev/null
