#!/usr/bin/env bash
# Prints the WAL and the list of backups of stanza $2 that account $1 keeps in each repository; a word follows for each: its folder, in which
# is told what the account cannot use, or nothing. Safe to run again: it only reads.
set -euo pipefail
source common/shell.sh

# Prints the WAL of stanza $2 in repository $1, asked for by the other words: one listing for all segments, with the times when they were
# archived, and the timelines' histories, which are few.
print_wal() {
  local repository=$1 stanza=$2 listing history
  local -a ask=("${@:3}")
  if ! listing=$("${ask[@]}" --log-level-stderr=error repo-ls --output=json --recurse "archive/$stanza" \
    --filter='/[0-9A-F]{24}-|/[0-9A-F]{8}[.]history$' 2>&1); then
    printf '==== %s unlisted\n%s\n' "$repository" "$listing"
    return
  fi
  printf '==== %s wal\n%s\n' "$repository" "$listing"
  for history in $(grep -oE '"[^"]+[.]history"' <<<"$listing" | tr -d '"'); do
    printf '==== %s %s\n%s\n' "$repository" "$history" "$("${ask[@]}" repo-get "archive/$stanza/$history")"
  done
}

# `info` does not say whether a standby delivered a backup; the repository's own list does. There is none before the first backup. What is
# not pgBackRest's, such as lost+found, is not looked at.
print_repository() {
  local repository=$1 account=$2 stanza=$3 folder=$4 backups status=0
  local -a ask=(as "$account" pgbackrest "--stanza=$stanza" --log-level-console=off --log-level-file=off "--repo=$repository")
  if [[ -n $folder ]]; then
    printf '==== %s unusable\n%s\n' "$repository" "$(as "$account" find "$folder" -maxdepth 4 ! -type l \( ! -readable -o ! -writable \) \
      \( -path "$folder" -o -path "$folder/archive*" -o -path "$folder/backup*" \) -printf '%u %m %p\n' 2>/dev/null || true)"
  fi
  print_wal "$repository" "$stanza" "${ask[@]}"
  backups=$("${ask[@]}" --ignore-missing repo-get "backup/$stanza/backup.info") || status=$?
  printf '==== %s backups\n%s\n' "$repository" "$backups"
  return "$status"
}

main() {
  local account=$1 stanza=$2 repository status
  for ((repository = 1; repository <= $# - 2; repository++)); do
    status=0
    print_repository "$repository" "${@:1:2}" "${@:repository+2:1}" || status=$?
    # Why it cannot be read stands in what came before, and others may be read.
    [[ $status == 0 || -n ${*:3} || $# -gt 3 ]] || return "$status"
  done
}

main "$@" </dev/null
