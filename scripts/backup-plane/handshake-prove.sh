#!/usr/bin/env bash
# Verifies a handshake of account $1, with the certificate in folder $2, with pgBackRest's server on host $3: the server's certificate is
# valid for its name, and the server accepts ours. Safe to run again: it changes nothing.
set -euo pipefail
source common/pgbackrest-server.sh
source common/shell.sh

is_welcome() {
  welcomed "$(shake_hands "$@")"
}

main() {
  local account=$1 host=$3
  await 30 "no TLS handshake as $account with the pgBackRest server on $host, port $TLS_PORT" is_welcome "$@"
}

main "$@" </dev/null
