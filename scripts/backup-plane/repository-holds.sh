#!/usr/bin/env bash
# Prints whether a repository, read as account $1, holds a backup of stanza $2: backup or none. The status is in the answer: pgBackRest's
# exit status is 0 even when the stanza cannot be read. Safe to run again: it only reads.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

main() {
  local account=$1 stanza=$2 statuses unread
  # A host without configuration is new.
  if [[ ! -e /etc/pgbackrest/pgbackrest.conf ]]; then
    echo none
    return
  fi
  statuses=$(stanza_info "$account" "$stanza" | repository_statuses)
  if grep -q '^0 ' <<<"$statuses"; then
    echo backup
    return
  fi
  # Missing stanza path, no valid backups, missing stanza data.
  unread=$(grep -v '^[123] ' <<<"$statuses" || true)
  [[ -n $statuses && -z $unread ]] || fail "cannot read the backups of stanza $stanza" "$unread"
  echo none
}

main "$@" </dev/null
