#!/usr/bin/env bash
# Creates stanza $2 as account $1 in every repository, and verifies that PostgreSQL can archive into all.
# Safe to run again: an existing stanza is only checked. stanza-create takes the lock that archiving needs: WAL that arrives meanwhile is
# refused, and stanza-create itself fails while WAL is archived. It is then repeated, for two minutes; while a backup runs, for an hour.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

# In every repository: 0 is ok, 2 is a stanza without a backup.
is_there() {
  local statuses
  statuses=$(stanza_info "$@" | repository_statuses)
  [[ -n $statuses ]] && ! grep -qv '^[02] ' <<<"$statuses"
}

# Whether it failed with status $1, saying $2, because WAL is archived: error 050, or 056 where it then finds no primary among several hosts.
meets_archiving() {
  [[ $1 == 50 || ($1 == 56 && $2 == *LockAcquireError*) ]]
}

main() {
  local account=$1 stanza=$2 deadline=$((SECONDS + 120)) status said waits=""
  until is_there "$account" "$stanza"; do
    status=0
    said=$(as "$account" pgbackrest --stanza="$stanza" stanza-create 2>&1) || status=$?
    if ((status == 0)); then break; fi
    if [[ $status == 50 && $said == *-backup*.lock* && -z $waits ]]; then
      echo "waiting: $HOSTNAME: a backup or expire of stanza $stanza is running" >&2
      waits=yes
      deadline=$((SECONDS + 3600))
    fi
    if ! meets_archiving "$status" "$said" || ((SECONDS >= deadline)); then
      echo "$said"
      return "$status"
    fi
    sleep 1
  done
  as "$account" pgbackrest --stanza="$stanza" check
}

main "$@" </dev/null
