#!/usr/bin/env bash
# Prints the WAL and the list of backups of stanza $2 that account $1 keeps in the repository; when there is a folder $3, the repository's,
# also what the account cannot use in it. Safe to run again: it only reads.
set -euo pipefail
source common/shell.sh

# Prints the WAL of stanza $1, asked for by the other words: one listing for all segments, with the times when they were archived, and
# the timelines' histories, which are few.
print_wal() {
  local stanza=$1 listing history
  local -a ask=("${@:2}")
  if ! listing=$("${ask[@]}" --log-level-stderr=error repo-ls --output=json --recurse "archive/$stanza" \
    --filter='/[0-9A-F]{24}-|/[0-9A-F]{8}[.]history$' 2>&1); then
    printf '==== unlisted\n%s\n' "$listing"
    return
  fi
  printf '==== wal\n%s\n' "$listing"
  for history in $(grep -oE '"[^"]+[.]history"' <<<"$listing" | tr -d '"'); do
    printf '==== %s\n%s\n' "$history" "$("${ask[@]}" repo-get "archive/$stanza/$history")"
  done
}

# `info` does not say whether a standby delivered a backup; the repository's own list does. There is none before the first backup. What is
# not pgBackRest's, such as lost+found, is not looked at.
main() {
  local account=$1 stanza=$2 folder=${3:-} backups status=0
  local -a ask=(as "$account" pgbackrest "--stanza=$stanza" --log-level-console=off --log-level-file=off --repo=1)
  if [[ -n $folder ]]; then
    printf '==== unusable\n%s\n' "$(as "$account" find "$folder" -maxdepth 4 ! -type l \( ! -readable -o ! -writable \) \
      \( -path "$folder" -o -path "$folder/archive*" -o -path "$folder/backup*" \) -printf '%u %m %p\n' 2>/dev/null || true)"
  fi
  print_wal "$stanza" "${ask[@]}"
  backups=$("${ask[@]}" --ignore-missing repo-get "backup/$stanza/backup.info") || status=$?
  # Why it cannot be read stands in what came before.
  [[ $status == 0 || -n $folder ]] || return "$status"
  printf '==== backups\n%s\n' "$backups"
}

main "$@" </dev/null
