#!/usr/bin/env bash
# What a timer has run, as the account that it runs as: $1 (a type of backup, or verify) of stanza $2, in each of the repositories $4…. File
# $3.said has the words of those that failed. Waits while another backup holds the stanza's lock, an hour at most, and then leaves it out.
# Safe to run again: it takes another backup.
set -euo pipefail

# pgBackRest's words that matter, with the repository before them where there are several.
say() {
  local repository=$1 count=$2 words=$3 name=""
  ((count == 1)) || name="repo$repository: "
  printf '%s\n' "$name$words" | tee -a "$said" >&2
}

# Error 50: another command holds the lock.
back_up() {
  local type=$1 stanza=$2 repository=$3 count=$4 status words waits=""
  local -a options=("--stanza=$stanza" "--repo=$repository" "--type=$type" --log-level-console=off --log-level-stderr=warn --no-log-timestamp)
  while true; do
    status=0
    words=$(pgbackrest "${options[@]}" backup 2>&1) || status=$?
    if ((status != 50)); then
      break
    elif ((SECONDS >= deadline)); then
      say "$repository" "$count" "left out: another backup or expire has held the stanza's lock for an hour"
      return 0
    fi
    [[ -n $waits ]] || echo "waiting: another backup or expire holds the stanza's lock"
    waits=yes
    sleep 5
  done
  ((status == 0)) || say "$repository" "$count" "$(grep -m 1 -A 1 ERROR <<<"$words" || echo "exit status $status: $words")"
  return "$status"
}

# What `verify` finds in repository $2: its exit status is 0 even when files are damaged.
damage_in() {
  local words
  words=$(pgbackrest "--stanza=$1" "--repo=$2" --job-retry=0 --log-level-console=info verify 2>&1) || words+=$'\n'"ERROR: exit status $?"
  grep -E 'ERROR: |INFO: (invalid|missing) ' <<<"$words" || true
}

# What is missing may have expired meanwhile: it is not, the second time.
verify() {
  local damage
  damage=$(damage_in "$2" "$3")
  [[ -z $damage ]] || damage=$(damage_in "$2" "$3")
  [[ -n $damage ]] || return 0
  printf '==== %s\n%s\n' "$3" "$damage" | tee -a "$said" >&2
  return 1
}

main() {
  local kind=$1 run=back_up repository failed=0
  said=$3.said deadline=$((SECONDS + 3600))
  [[ $kind != verify ]] || run=verify
  printf '' >"$said"
  for repository in "${@:4}"; do "$run" "$kind" "$2" "$repository" $(($# - 3)) || failed=$?; done
  return "$failed"
}

main "$@" </dev/null
