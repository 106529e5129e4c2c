#!/usr/bin/env bash
# Proves that account $1 can speak TLS with pgBackRest's server on host $2: its certificate is right for the name, ours is accepted.
# Safe to run again: it only talks.
set -euo pipefail

# Prints the server's greeting, or what went wrong. The greeting comes after both certificates were verified; s_client's own status
# would not say that (TLS 1.3).
greet() {
  local account=$1 host=$2 folder=/etc/pgbackrest/cert line
  coproc timeout 20 sudo -u "$account" openssl s_client -connect "$host:8432" -quiet -no_ign_eof -CAfile "$folder/ca.crt" \
    -cert "$folder/host.crt" -key "$folder/host.key" -verify_return_error -verify_hostname "$host" 2>&1
  # The variables are gone as soon as it has ended.
  local out=${COPROC[0]} pid=$COPROC_PID
  while read -r -t 20 -u "$out" line; do
    echo "$line"
    [[ $line != *'"name":"pgBackRest"'* ]] || break
  done
  kill "$pid" 2>/dev/null || true
}

main() {
  local account=$1 host=$2 deadline=$((SECONDS + 30)) said
  until said=$(greet "$account" "$host") && [[ $said == *'"name":"pgBackRest"'* ]]; do
    if ((SECONDS >= deadline)); then
      printf 'no TLS handshake as %s with the pgBackRest server on %s, port 8432\n%s\n' "$account" "$host" "$said" >&2
      return 1
    fi
    sleep 0.5
  done
}

main "$@" </dev/null
