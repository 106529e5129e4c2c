#!/usr/bin/env bash
# Keeps how a run of the schedule ended in file $1, as the account that it ran as: when, systemd's word for it, and, on further lines, what
# $1.said has. systemd runs it after each, however it ended. Safe to run again: the file is replaced as a whole.
set -euo pipefail

main() {
  local file=$1
  {
    printf '%s %s\n' "$(date +%s)" "$SERVICE_RESULT"
    cat "$file.said" 2>/dev/null || true
  } >"$file.new"
  mv -T "$file.new" "$file"
}

main "$@" </dev/null
