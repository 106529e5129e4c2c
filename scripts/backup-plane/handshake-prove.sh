#!/usr/bin/env bash
# Proves that account $1, with the certificate in folder $2, can speak TLS with pgBackRest's server on host $3: its certificate is right
# for the name, ours is accepted. Safe to run again: it only talks.
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
