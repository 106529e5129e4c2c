#!/usr/bin/env bash
# Verifies as account $1 on the repository host, before pgBackRest is upgraded, that WAL of stanza $2 arrives, and that no backup runs, which
# the upgrade would interrupt. A lab that was never complete, and one whose hosts already have different versions, pass: the upgrade is what
# helps them. Safe to run again: it only switches to a new WAL segment.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

main() {
  local account=$1 stanza=$2 info said
  [[ -e /etc/pgbackrest/pgbackrest.conf ]] || return 0
  info=$(stanza_info "$account" "$stanza")
  # Missing stanza path, missing stanza data.
  repository_statuses <<<"$info" | grep -qv '^[13] ' || return 0
  [[ $(jq '.[0].status.lock.backup.held' <<<"$info") != true ]] ||
    fail "a backup of stanza $stanza runs, which an upgrade of pgBackRest would interrupt; hint: wait for it"
  said=$(as "$account" pgbackrest --stanza="$stanza" check 2>&1) || [[ $said == *"greeting key 'version'"* ]] ||
    fail "no WAL of stanza $stanza arrives, and pgBackRest is not upgraded before it does; hint: ./lab doctor" "$said"
}

main "$@" </dev/null
