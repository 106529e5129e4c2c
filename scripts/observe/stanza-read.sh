#!/usr/bin/env bash
# Prints what pgBackRest's `info` tells account $1 of stanza $2, with the version that tells it, and whether pgBackRest was stopped; when
# $3 is not empty, the labels of all backups' folders too. Safe to run again: it only reads. The status is in the answer: the command's
# own is 0 even when access is denied.
set -euo pipefail
source common/shell.sh

ask() {
  as "$1" timeout "$((5 * SLOWNESS))" pgbackrest --output=json "--io-timeout=$((2 * SLOWNESS))" \
    "--protocol-timeout=$((4 * SLOWNESS))" --log-level-console=off --log-level-file=off "${@:2}"
}

main() {
  local account=$1 stanza=$2 version info labels=""
  version=$(pgbackrest version)
  # Before `info`, so that a backup which completes meanwhile is complete in both.
  [[ -z ${3:-} ]] || labels=$(ask "$account" repo-ls --repo=1 "backup/$stanza" --filter='^[0-9]{8}-[0-9]{6}F') || labels=""
  info=$(ask "$account" --stanza="$stanza" info) || info=""
  printf '==== %s\n%s\n' version "$version" stopped "$(compgen -G '/tmp/pgbackrest/*.stop' || true)" labels "$labels" info "$info"
}

main "$@" </dev/null
