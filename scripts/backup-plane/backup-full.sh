#!/usr/bin/env bash
# Takes a full backup of stanza $2 as account $1 into repository $3, from host $4 (any, standby), unless it has one already, with a label after
# $5 if given. Those of an earlier major version of PostgreSQL do not count. Waits while another backup runs. Safe to run again: it takes no second one.
set -euo pipefail
source common/shell.sh

# backup.info says where the files of each backup came from; `info` does not.
holds_backup() {
  local account=$1 stanza=$2 repository=$3 origin=$4 since=${5-} info cluster label backup
  info=$(as "$account" pgbackrest --repo="$repository" --log-level-console=off --log-level-stderr=off repo-get "backup/$stanza/backup.info") || return 1
  cluster=$(sed -n 's/^db-id=//p' <<<"$info")
  while IFS='=' read -r label backup; do
    if [[ $label =~ ^[0-9]{8}-[0-9]{6}F$ && $label > $since && $backup == *"\"db-id\":$cluster,"* && $backup != *'"backup-error":true'* ]] &&
      [[ $origin == any || $backup == *'"option-backup-standby":true'* ]]; then return 0; fi
  done <<<"$info"
  return 1
}

main() {
  local account=$1 stanza=$2 repository=$3 origin=$4 deadline=$((SECONDS + 3600)) status waits=""
  until holds_backup "$@"; do
    status=0
    as "$account" pgbackrest --stanza="$stanza" --repo="$repository" --type=full backup || status=$?
    # Error 50: another command holds the lock.
    if ((status == 50 && SECONDS < deadline)); then
      [[ -n $waits ]] || echo "waiting: $HOSTNAME: another backup or expire of stanza $stanza is running" >&2
      waits=yes
      sleep 5
    elif ((status == 50)); then
      complain "no full backup was taken: another backup or expire of stanza $stanza has run for an hour"
      return "$status"
    elif ((status != 0)); then
      return "$status"
    elif ! holds_backup "$@"; then
      fail "pgBackRest took a full backup of stanza $stanza, but repo$repository lists none from host: $origin"
    fi
  done
}

main "$@" </dev/null
