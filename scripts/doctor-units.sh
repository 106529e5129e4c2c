#!/usr/bin/env bash
# Prints as JSON the state of the units $@, how often systemd has started each again, and its last error.
# Safe to run again: it only reads.
set -euo pipefail

main() {
  local unit
  for unit; do
    systemctl show "$unit" -p ActiveState -p SubState -p NRestarts -p UnitFileState -p ActiveEnterTimestampMonotonic |
      jq -Rn --arg unit "$unit" --arg error "$(journalctl -u "$unit" -n 40 -o cat --no-pager 2>/dev/null |
        grep -E 'ERROR|FATAL' | tail -n 1 || true)" --argjson up "$(awk '{ print int($1) }' /proc/uptime)" '
        [inputs | capture("(?<key>[^=]*)=(?<value>.*)")] | from_entries | {($unit): {
          state: .ActiveState, sub: .SubState, restarts: (.NRestarts | tonumber? // 0), enabled: .UnitFileState,
          seconds: ($up - ((.ActiveEnterTimestampMonotonic | tonumber? // 0) / 1000000 | floor)), error: $error}}'
  done | jq -s 'add // {}'
}

main "$@" </dev/null
