#!/usr/bin/env bash
# Takes a full backup of stanza $2 as account $1 whose files a standby delivers.
# Safe to run again: a stanza that has such a backup is left as it is.
set -euo pipefail

# The repository's list of backups says of each where its files came from; `info` does not.
from_standby() {
  as "$1" pgbackrest --log-level-console=off repo-get "backup/$2/backup.info" |
    grep -E '^[0-9]{8}-[0-9]{6}F=.*"option-backup-standby":true' >/dev/null
}

main() {
  local account=$1 stanza=$2
  from_standby "$account" "$stanza" || as "$account" pgbackrest --stanza="$stanza" --type=full backup
  from_standby "$account" "$stanza"
}

main "$@" </dev/null
