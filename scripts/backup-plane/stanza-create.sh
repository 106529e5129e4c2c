#!/usr/bin/env bash
# Creates stanza $2 as account $1 in every repository, and verifies that PostgreSQL can archive into all.
# Safe to run again: an existing stanza is only checked. stanza-create takes the lock that archiving needs: WAL that arrives meanwhile is
# refused, and stanza-create itself fails while WAL is archived (pgBackRest error 050). It is then repeated, for two minutes.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

# In every repository: 0 is ok, 2 is a stanza without a backup.
is_there() {
  local statuses
  statuses=$(stanza_info "$@" | repository_statuses)
  [[ -n $statuses ]] && ! grep -qv '^[02] ' <<<"$statuses"
}

main() {
  local account=$1 stanza=$2 deadline=$((SECONDS + 120)) status
  until is_there "$account" "$stanza"; do
    status=0
    as "$account" pgbackrest --stanza="$stanza" stanza-create || status=$?
    ((status != 0)) || break
    ((status == 50 && SECONDS < deadline)) || return "$status"
    sleep 1
  done
  as "$account" pgbackrest --stanza="$stanza" check
}

main "$@" </dev/null
