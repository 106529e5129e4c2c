#!/usr/bin/env bash
# Prints as JSON, for each backup of stanza $2, whether a standby delivered its files. Account $1 owns the repository.
# Safe to run again: it only reads.
set -euo pipefail
source common/shell.sh

# The repository's list of backups, a line of JSON for each, says it; `info` does not. A stanza without a backup has no such line.
main() {
  local account=$1 stanza=$2 line facts="" listed
  # There is none yet when the first backup is under way.
  listed=$(as "$account" pgbackrest "--stanza=$stanza" --log-level-console=off --log-level-file=off --ignore-missing repo-get "backup/$stanza/backup.info")
  while read -r line; do
    [[ $line =~ ^([0-9]{8}-[0-9]{6}F(_[0-9]{8}-[0-9]{6}[DI])?)=.*\"option-backup-standby\":(true|false) ]] || continue
    facts+="${facts:+,}\"${BASH_REMATCH[1]}\":${BASH_REMATCH[3]}"
  done <<<"$listed"
  printf '{%s}\n' "$facts"
}

main "$@" </dev/null
