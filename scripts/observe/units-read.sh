#!/usr/bin/env bash
# Prints the state of the units $@, how often systemd has restarted each, and the last error of those that are not well.
# Safe to run again: it only reads.
set -euo pipefail

# Of its last two starts: the last may have said nothing yet, and what it said before them is no reason any more.
last_error() {
  journalctl -u "$1" -n 40 -o cat --no-pager 2>/dev/null |
    awk '/^Started / { before = error; error = "" } /ERROR|FATAL/ { error = $0 } END { print error ? error : before }'
}

# The same of Debian's cluster, from its log $1: a running server tells why it ends there alone. What came before it was last started, and
# that it ends connections, is no reason. What is wrong in a configuration file is told before that the file has errors.
last_cluster_error() {
  tail -n 100 "$1" | awk '/ starting PostgreSQL / { error = "" } / in file ".*" line [0-9]+$/ { detail = $0; sub(/^.*LOG: +/, ": ", detail) }
    /FATAL|PANIC/ && !/FATAL: +(terminating|the database system is) / { error = $0 (/ contains errors$/ ? detail : "") } END { print error }'
}

error_of() {
  local log=${1/@/-}
  log=/var/log/postgresql/${log%.service}.log
  printf '%s %s\n' "$1" "$(if [[ -r $log ]]; then last_cluster_error "$log"; else last_error "$1"; fi)"
}

main() {
  local unit states rest uptime
  # A block each, in the order in which they were asked for.
  states=$(systemctl show "$@" -p ActiveState -p SubState -p NRestarts -p UnitFileState -p ActiveEnterTimestampMonotonic)
  rest=$states
  for unit; do
    printf '==== %s\n%s\n' "$unit" "${rest%%$'\n\n'*}"
    rest=${rest#*$'\n\n'}
  done
  read -r uptime _ </proc/uptime
  printf '==== uptime\n%s\n==== errors\n' "$uptime"
  # The journal is slow to read: not when all is well.
  if grep -qvE '^(ActiveState=active|SubState=.*|NRestarts=0|UnitFileState=.*|ActiveEnter.*|)$' <<<"$states"; then
    for unit; do error_of "$unit"; done
  fi
}

main "$@" </dev/null
