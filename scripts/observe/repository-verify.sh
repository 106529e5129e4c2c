#!/usr/bin/env bash
# Prints what pgBackRest's `verify` says to account $1 of stanza $2 in each of the $3 repositories: it reads every file.
# Safe to run again: it only reads. The status is in the answer: the command's own is 0 even when files are damaged.
set -euo pipefail
source common/shell.sh

main() {
  local account=$1 stanza=$2 repository
  for ((repository = 1; repository <= $3; repository++)); do
    printf '==== %s\n' "$repository"
    # A file that cannot be unpacked is damaged now: it need not be tried again 15 seconds later.
    as "$account" pgbackrest --stanza="$stanza" --repo="$repository" --job-retry=0 --log-level-file=off --log-level-console=info \
      verify 2>&1 || echo "status $?"
  done
}

main "$@" </dev/null
