#!/usr/bin/env bash
# Prints the list of backups of stanza $2 that account $1 keeps in the repository; when there is a folder $3, the repository's, also what
# the account cannot use in it, and the names of all WAL segments. Safe to run again: it only reads.
set -euo pipefail
source common/shell.sh

# `info` does not say whether a standby delivered a backup; the repository's own list does. There is none before the first backup. What is
# not pgBackRest's, such as lost+found, is not looked at.
main() {
  local account=$1 stanza=$2 folder=${3:-} backups status=0
  local -a quiet=("--stanza=$stanza" --log-level-console=off --log-level-file=off)
  if [[ -n $folder ]]; then
    printf '==== unusable\n%s\n' "$(as "$account" find "$folder" -maxdepth 4 ! -type l \( ! -readable -o ! -writable \) \
      \( -path "$folder" -o -path "$folder/archive*" -o -path "$folder/backup*" \) -printf '%u %m %p\n' 2>/dev/null || true)"
    printf '==== segments\n%s\n' "$(as "$account" pgbackrest "${quiet[@]}" --repo=1 repo-ls --recurse "archive/$stanza" \
      --filter='[0-9A-F]{24}-' 2>/dev/null || true)"
  fi
  backups=$(as "$account" pgbackrest "${quiet[@]}" --ignore-missing repo-get "backup/$stanza/backup.info") || status=$?
  # Why it cannot be read stands in what came before.
  [[ $status == 0 || -n $folder ]] || return "$status"
  printf '==== backups\n%s\n' "$backups"
}

main "$@" </dev/null
