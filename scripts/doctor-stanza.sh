#!/usr/bin/env bash
# Prints what pgBackRest's `info` tells account $1 of stanza $2, with the version that tells it, and whether pgBackRest was stopped.
# Safe to run again: it only reads. The status is in the answer: the command's own is 0 even when access is denied.
set -euo pipefail

main() {
  local account=$1 stanza=$2 version info stopped=false
  version=$(pgbackrest version)
  info=$(as "$account" timeout 5 pgbackrest --stanza="$stanza" --output=json --io-timeout=2 --protocol-timeout=4 \
    --log-level-console=off --log-level-file=off info) || info="null"
  ! compgen -G '/tmp/pgbackrest/*.stop' >/dev/null || stopped=true
  jq -n --arg version "${version#pgBackRest }" --argjson stopped "$stopped" --argjson info "$info" \
    '{version: $version, stopped: $stopped, info: $info}'
}

main "$@" </dev/null
