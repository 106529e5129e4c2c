#!/usr/bin/env bash
# Prints as JSON the state of the units $@, how often systemd has started each again, and the last error of one that is not well.
# Safe to run again: it only reads.
set -euo pipefail

last_error() {
  journalctl -u "$1" -n 40 -o cat --no-pager 2>/dev/null | grep -E 'ERROR|FATAL' | tail -n 1 || true
}

main() {
  local unit states errors=()
  # A block each, in the order in which they were asked for.
  states=$(systemctl show "$@" -p ActiveState -p SubState -p NRestarts -p UnitFileState -p ActiveEnterTimestampMonotonic)
  # The journal is slow to read: not when all is well.
  if grep -qvE '^(ActiveState=active|SubState=.*|NRestarts=0|UnitFileState=.*|ActiveEnter.*|)$' <<<"$states"; then
    for unit; do errors+=("$(last_error "$unit")"); done
  fi
  jq -n --arg units "$*" --arg states "$states" --argjson up "$(awk '{ print int($1) }' /proc/uptime)" '
    ($units | split(" ")) as $units | ($states | split("\n\n")) as $states | [range($units | length) as $at |
      ($states[$at] | [splits("\n") | capture("(?<key>[^=]*)=(?<value>.*)")] | from_entries) | {($units[$at]): {
        state: .ActiveState, sub: .SubState, restarts: (.NRestarts | tonumber? // 0), enabled: .UnitFileState,
        seconds: ($up - ((.ActiveEnterTimestampMonotonic | tonumber? // 0) / 1000000 | floor)),
        error: ($ARGS.positional[$at] // "")}}] | add // {}' --args "${errors[@]}"
}

main "$@" </dev/null
