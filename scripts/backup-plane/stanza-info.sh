#!/usr/bin/env bash
# Verifies as account $1 that stanza $2 has status ok in every repository, and prints the label of its newest backup, which must be $3 or newer if that is given:
# a backup or an expire may have run since. The status is in the answer: pgBackRest's exit status is 0 even when access is denied.
# Safe to run again: it only reads.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

main() {
  local account=$1 stanza=$2 expected=${3-} info status newest
  info=$(stanza_info "$account" "$stanza")
  newest=$(jq -r '.[0].backup[-1].label // "none"' <<<"$info")
  status=$(repository_statuses <<<"$info" | grep -vm 1 '^0 ' || true)
  [[ -z $status ]] || fail "stanza $stanza has status $status, not 0 (ok)"
  [[ ! $newest < $expected ]] || fail "the newest backup of stanza $stanza is $newest, but the repository host lists $expected"
  echo "$newest"
}

main "$@" </dev/null
