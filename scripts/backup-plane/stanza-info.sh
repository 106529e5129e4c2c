#!/usr/bin/env bash
# Proves as account $1 that stanza $2 is sound and prints its backups' labels; with $3, that they are those labels.
# Safe to run again: it only reads. The status is in the answer: the command's exit status is 0 even when access is denied.
set -euo pipefail

main() {
  local account=$1 stanza=$2 expected=${3-} info status labels
  info=$(stanza_info "$account" "$stanza")
  {
    read -r status
    read -r labels
  } < <(jq -r '.[0] | (.status | "\(.code) (\(.message))"), ([.backup[].label] | join(" "))' <<<"$info")
  if [[ $status != "0 "* ]]; then
    echo "stanza $stanza must have status 0 (ok) as seen from $(hostname), got $status" >&2
    return 1
  fi
  if [[ -n $expected && $labels != "$expected" ]]; then
    echo "$(hostname) must see the backups \"$expected\", sees \"$labels\"" >&2
    return 1
  fi
  echo "$labels"
}

main "$@" </dev/null
