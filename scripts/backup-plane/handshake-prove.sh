#!/usr/bin/env bash
# Proves that account $1, with the certificate in folder $2, can speak TLS with pgBackRest's server on host $3: its certificate is right
# for the name, ours is accepted. Safe to run again: it only talks.
set -euo pipefail

welcome() {
  shake_hands "$@"
  [[ -z $problem ]]
}

main() {
  local account=$1 host=$3 problem
  if ! await 30 welcome "$@"; then
    echo "no TLS handshake as $account with the pgBackRest server on $host, port 8432: $problem" >&2
    return 1
  fi
}

main "$@" </dev/null
