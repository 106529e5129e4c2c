#!/usr/bin/env bash
# Prints as JSON what pgBackRest's `verify` says to account $1 of stanza $2 in each of the $3 repositories: it reads every file.
# Safe to run again: it only reads. The status is in the answer: the command's own is 0 even when files are damaged.
set -euo pipefail
source common/shell.sh

main() {
  local account=$1 stanza=$2 repository said
  for ((repository = 1; repository <= $3; repository++)); do
    # A file that cannot be unpacked is damaged now: it need not be tried again 15 seconds later.
    said=$(as "$account" pgbackrest --stanza="$stanza" --repo="$repository" --job-retry=0 --log-level-file=off \
      --log-level-console=info verify 2>&1) || said+=$'\n'"status $?"
    jq -n --arg repository "$repository" --arg said "$said" '{($repository): $said}'
  done | jq -s add
}

main "$@" </dev/null
