#!/usr/bin/env bash
# Prints what pgBackRest's `info` tells account $1 of stanza $2, with the version that tells it, and whether pgBackRest was stopped; when $3 is
# not empty, the labels of all backups' folders too. A word follows for each repository: `store` where this host itself talks to one, or
# nothing. Safe to run again: it only reads. The status is in the answer: the command's own is 0 even when access is denied.
set -euo pipefail
source common/shell.sh

# Asks within $1 seconds, with $2 for one attempt, as account $3.
ask() {
  as "$3" timeout "$(($1 * SLOWNESS))" pgbackrest --output=json "--io-timeout=$(($2 * SLOWNESS))" \
    "--protocol-timeout=$((4 * SLOWNESS))" --log-level-console=off --log-level-file=off "${@:4}" || true
}

list() {
  ask "$1" "$2" "$3" repo-ls --repo="$5" "backup/$4" --filter='^[0-9]{8}-[0-9]{6}F'
}

print_repository() {
  local repository=$1 account=$2 stanza=$3 labels=$4 info listed="" label
  local -a limits=(5 2)
  # pgBackRest attempts to reach a store that is away for more than nine seconds then. It is asked for more once it has answered.
  if [[ ${*:repository+4:1} == store ]]; then
    limits=(15 1)
    info=$(ask "${limits[@]}" "$account" --stanza="$stanza" --repo="$repository" info)
    if [[ -z $labels || -z $info || $info == *'"code":99,'* ]]; then
      printf '==== info %s\n%s\n' "$repository" "$info"
      return
    fi
  fi
  # Before `info`, so that a backup which completes meanwhile is complete in both.
  if [[ -n $labels ]]; then
    listed=$(list "${limits[@]}" "$account" "$stanza" "$repository")
    printf '==== labels %s\n%s\n' "$repository" "$listed"
  fi
  info=$(ask "${limits[@]}" "$account" --stanza="$stanza" --repo="$repository" info)
  printf '\n==== info %s\n%s\n' "$repository" "$info"
  # What `info` does not tell of may just be leaving, by an expire.
  while read -r label; do
    [[ $info != *"$label"* ]] || continue
    printf '\n==== still %s\n%s\n' "$repository" "$(list "${limits[@]}" "$account" "$stanza" "$repository")"
    break
  done < <(grep -oE '"[0-9]{8}-[0-9]{6}F[0-9DI_-]*"' <<<"$listed")
}

main() {
  local version
  version=$(pgbackrest version)
  printf '==== %s\n%s\n' version "$version" stopped "$(compgen -G '/tmp/pgbackrest/*.stop' || true)"
  side_by_side $(($# - 3)) print_repository "$@"
}

main "$@" </dev/null
