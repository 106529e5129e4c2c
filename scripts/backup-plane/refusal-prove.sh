#!/usr/bin/env bash
# Verifies that pgBackRest on the repository host denies account $1 of this host access to stanza $2. The certificate is valid, so the TLS
# handshake succeeds, and the answer is pgBackRest's own. Safe to run again: it only reads.
set -euo pipefail
source common/shell.sh

is_denied() {
  local said
  said=$(as "$1" pgbackrest --stanza="$2" --log-level-console=off --log-level-file=off --log-level-stderr=warn repo-ls 2>&1) ||
    [[ $said != *'access denied'* ]] || return 0
  echo "$said"
  return 1
}

main() {
  local account=$1 stanza=$2
  await 10 "this host is revoked, but the repository host does not deny it stanza $stanza; it answers" is_denied "$account" "$stanza"
}

main "$@" </dev/null
