#!/usr/bin/env bash
# Proves that account $1 can speak TLS with pgBackRest's server on host $2: its certificate is right for the name, ours is accepted.
# Safe to run again: it only talks.
set -euo pipefail

# The greeting comes after both certificates were verified. s_client's own status would not say that (TLS 1.3).
greet() {
  local account=$1 host=$2 folder=/etc/pgbackrest/cert greeting
  local -a client=(timeout 20 sudo -u "$account" openssl s_client -connect "$host:8432" -quiet -no_ign_eof
    -CAfile "$folder/ca.crt" -cert "$folder/host.crt" -key "$folder/host.key" -verify_return_error -verify_hostname "$host")
  coproc "${client[@]}" 2>&1
  while read -r -t 20 -u "${COPROC[0]}" greeting; do
    [[ $greeting != *'"name":"pgBackRest"'* ]] || break
    echo "$greeting" >&2
  done
  kill "$COPROC_PID" 2>/dev/null || true
  [[ $greeting == *'"name":"pgBackRest"'* ]]
}

main() {
  local account=$1 host=$2 deadline=$((SECONDS + 30))
  until greet "$account" "$host" 2>/tmp/handshake.$$; do
    if ((SECONDS >= deadline)); then
      echo "no TLS handshake as $account with pgBackRest's server on $host, port 8432" >&2
      cat /tmp/handshake.$$ >&2
      return 1
    fi
    sleep 0.5
  done
}

main "$@" </dev/null
