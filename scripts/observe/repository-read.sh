#!/usr/bin/env bash
# Prints the WAL and the list of backups of stanza $2 that account $1 keeps in each repository; a word follows for each: its folder, in which
# is told what the account cannot use, `store`, or nothing. Safe to run again: it only reads.
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
# not pgBackRest's, such as lost+found, is not looked at. A store that is away is asked once.
print_repository() {
  local repository=$1 account=$2 stanza=$3 folder=${*:$1+3:1} backups status=0 listing
  local -a ask=(as "$account") options=("--stanza=$stanza" --log-level-console=off --log-level-file=off "--repo=$repository")
  if [[ $folder == store ]]; then
    ask+=(timeout "$((15 * SLOWNESS))")
    options+=("--io-timeout=$SLOWNESS" "--protocol-timeout=$((4 * SLOWNESS))")
  elif [[ -n $folder ]]; then
    printf '==== %s unusable\n%s\n' "$repository" "$(as "$account" find "$folder" -maxdepth 4 ! -type l \( ! -readable -o ! -writable \) \
      \( -path "$folder" -o -path "$folder/archive*" -o -path "$folder/backup*" \) -printf '%u %m %p\n' 2>/dev/null || true)"
  fi
  ask+=(pgbackrest "${options[@]}")
  listing=$(print_wal "$repository" "$stanza" "${ask[@]}")
  printf '%s\n' "$listing"
  [[ $folder != store || $listing != *' unlisted'* ]] || return 0
  backups=$("${ask[@]}" --ignore-missing repo-get "backup/$stanza/backup.info") || status=$?
  printf '==== %s backups\n%s\n' "$repository" "$backups"
  return "$status"
}

main() {
  local status=0
  # Why one of several cannot be read stands in what comes before, and others may be read.
  if (($# > 3)); then
    side_by_side $(($# - 2)) print_repository "$@"
  else
    print_repository 1 "$@" || status=$?
    [[ $status == 0 || -n $3 ]] || return "$status"
  fi
}

main "$@" </dev/null
