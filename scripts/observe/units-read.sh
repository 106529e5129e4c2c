#!/usr/bin/env bash
# Prints the state of the units $@, how often systemd has restarted each, and the last error of those that are not well.
# Safe to run again: it only reads.
set -euo pipefail

last_error() {
  journalctl -u "$1" -n 40 -o cat --no-pager 2>/dev/null | grep -E 'ERROR|FATAL' | tail -n 1 || true
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
    for unit; do printf '%s %s\n' "$unit" "$(last_error "$unit")"; done
  fi
}

main "$@" </dev/null
