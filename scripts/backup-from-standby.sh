#!/usr/bin/env bash
# Takes a full backup of stanza $2 as account $1 whose files a standby delivers.
# Safe to run again: a stanza that has such a backup is left as it is.
set -euo pipefail

# The manifest says where the files came from.
from_standby() {
  local account=$1 stanza=$2 label
  for label in $(stanza_info "$account" "$stanza" |
    jq -r '.[0].backup[] | select(.type == "full") | .label'); do
    ! as "$account" pgbackrest --log-level-console=off repo-get "backup/$stanza/$label/backup.manifest" |
      grep -qx 'option-backup-standby=true' || return 0
  done
  return 1
}

main() {
  local account=$1 stanza=$2
  as "$account" pgbackrest --stanza="$stanza" check
  from_standby "$account" "$stanza" || as "$account" pgbackrest --stanza="$stanza" --type=full backup
  from_standby "$account" "$stanza"
}

main "$@" </dev/null
