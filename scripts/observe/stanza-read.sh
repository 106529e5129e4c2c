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

print_repository() {
  local repository=$1 account=$2 stanza=$3 labels=$4 info
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
    printf '==== labels %s\n' "$repository"
    ask "${limits[@]}" "$account" repo-ls --repo="$repository" "backup/$stanza" --filter='^[0-9]{8}-[0-9]{6}F'
  fi
  printf '\n==== info %s\n%s\n' "$repository" "$(ask "${limits[@]}" "$account" --stanza="$stanza" --repo="$repository" info)"
}

main() {
  local version
  version=$(pgbackrest version)
  printf '==== %s\n%s\n' version "$version" stopped "$(compgen -G '/tmp/pgbackrest/*.stop' || true)"
  side_by_side $(($# - 3)) print_repository "$@"
}

main "$@" </dev/null
