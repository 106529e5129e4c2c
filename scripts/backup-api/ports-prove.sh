#!/usr/bin/env bash
# Verifies that from this host, port $2 of host $1 is open, and ports $3… are closed.
# Safe to run again: it only opens connections.
set -euo pipefail
source common/shell.sh

is_open() {
  timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null
}

main() {
  local host=$1 open=$2 port
  shift 2
  is_open "$host" "$open" || fail "port $open of $host must be open, but is closed"
  for port; do
    ! is_open "$host" "$port" || fail "port $port of $host must be closed, but is open"
  done
}

main "$@" </dev/null
