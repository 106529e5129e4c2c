#!/usr/bin/env bash
# Prints of each kind in the schedule how its timer and its service are, when its calendar's next moments are, by a clock in UTC, and how its last run
# ended, each line of that behind a blank. $1 is the folder with the outcomes; then follow, for each, kind, timer, service, calendar words.
# Safe to run again: it only reads.
set -euo pipefail

export TZ=UTC LC_ALL=C SYSTEMD_COLORS=0

# The text up to the next empty line.
first_block() {
  printf '%s\n' "${1%%$'\n\n'*}"
}

main() {
  local folder=$1 states moments kind last
  local -a kinds=() units=() calendars=()
  shift
  while (($# > 0)); do
    kinds+=("$1") units+=("$2" "$3") calendars+=("$4")
    shift 4
  done
  states=$(systemctl show "${units[@]}" -p LoadState -p ActiveState -p UnitFileState -p NextElapseUSecRealtime -p DropInPaths)
  # Before systemd 242 it tells one moment only.
  moments=$(systemd-analyze calendar --iterations=10 "${calendars[@]}" 2>/dev/null || true)
  for kind in "${kinds[@]}"; do
    printf '==== %s timer\n%s\n' "$kind" "$(first_block "$states")"
    states=${states#*$'\n\n'}
    printf '==== %s service\n%s\n' "$kind" "$(first_block "$states")"
    states=${states#*$'\n\n'}
    printf '==== %s calendar\n%s\n' "$kind" "$(first_block "$moments")"
    moments=${moments#*$'\n\n'}
    last=$(cat "$folder/$kind" 2>/dev/null || true)
    printf '==== %s last\n%s\n' "$kind" "${last:+ ${last//$'\n'/$'\n' }}"
  done
}

main "$@" </dev/null
