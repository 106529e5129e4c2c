#!/usr/bin/env bash
# Proves as account $1 that stanza $2 is sound and prints its newest backup's label; with $3, that it is no older than that one: a backup
# or an expire may have run since. Safe to run again: it only reads. The status is in the answer: the command's own is 0 even when access
# is denied.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

main() {
  local account=$1 stanza=$2 expected=${3-} info status newest
  info=$(stanza_info "$account" "$stanza")
  {
    read -r status
    read -r newest
  } < <(jq -r '.[0] | (.status | "\(.code) (\(.message))"), (.backup[-1].label // "none")' <<<"$info")
  [[ $status == "0 "* ]] || fail "stanza $stanza must have status 0 (ok), has $status"
  [[ ! $newest < $expected ]] || fail "backup $expected of stanza $stanza or a newer one must be seen, the newest is $newest"
  echo "$newest"
}

main "$@" </dev/null
