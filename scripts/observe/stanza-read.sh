#!/usr/bin/env bash
# Prints what pgBackRest's `info` tells account $1 of stanza $2, in each of its $3 repositories, with the version that tells it, and whether
# pgBackRest was stopped; when $4 is not empty, the labels of all backups' folders too. Safe to run again: it only reads. The status is in the answer: the command's
# own is 0 even when access is denied.
set -euo pipefail
source common/shell.sh

ask() {
  as "$1" timeout "$((5 * SLOWNESS))" pgbackrest --output=json "--io-timeout=$((2 * SLOWNESS))" \
    "--protocol-timeout=$((4 * SLOWNESS))" --log-level-console=off --log-level-file=off "${@:2}"
}

main() {
  local account=$1 stanza=$2 version repository labels=() info=()
  version=$(pgbackrest version)
  # Before `info`, so that a backup which completes meanwhile is complete in both.
  for ((repository = 1; repository <= $3; repository++)); do
    [[ -n ${4:-} ]] || break
    labels+=("labels $repository" "$(ask "$account" repo-ls --repo="$repository" "backup/$stanza" --filter='^[0-9]{8}-[0-9]{6}F' || true)")
  done
  for ((repository = 1; repository <= $3; repository++)); do
    info+=("info $repository" "$(ask "$account" --stanza="$stanza" --repo="$repository" info || true)")
  done
  printf '==== %s\n%s\n' version "$version" stopped "$(compgen -G '/tmp/pgbackrest/*.stop' || true)" "${labels[@]}" "${info[@]}"
}

main "$@" </dev/null
