#!/usr/bin/env bash
# Proves that pgBackRest on the repository host denies account $1 of this host stanza $2.
# Safe to run again: it only asks. The certificate is a sound one, so the TLS handshake goes well: the answer is pgBackRest's own.
set -euo pipefail

denied() {
  answer=$(as "$1" pgbackrest --stanza="$2" --log-level-console=off --log-level-file=off --log-level-stderr=warn repo-ls 2>&1) && return 1
  [[ $answer == *'access denied'* ]]
}

main() {
  local account=$1 stanza=$2 answer=""
  if ! await 10 denied "$account" "$stanza"; then
    printf '%s is revoked, but the repository host does not deny it stanza %s; it answers:\n%s\n' "$(hostname)" "$stanza" "$answer" >&2
    return 1
  fi
}

main "$@" </dev/null
