#!/usr/bin/env bash
# Prints as JSON what goes wrong in a mutual TLS handshake with each of the hosts $3…: an empty text when nothing does.
# Account $1 is the client, with the certificate in folder $2. Safe to run again: it only reads.
set -euo pipefail

# With TLS 1.3 a client hears that it was refused only after its own handshake: the proof is the greeting, which the server sends
# when it has accepted the client's certificate.
handshake_problem() {
  local account=$1 folder=$2 peer=$3 line answer=""
  while IFS= read -r line; do
    if [[ "$line" == '{"name":"pgBackRest"'* ]]; then
      answer=welcome
      break
    fi
    [[ -z "$answer" && "$line" == *[Ee]rr* ]] && answer=$line
  done < <(
    exec timeout 60 sudo -u "$account" openssl s_client -connect "$peer:8432" -verify_hostname "$peer" -verify_return_error \
      -cert "$folder/host.crt" -key "$folder/host.key" -CAfile "$folder/ca.crt" -quiet 2>&1 </dev/null
  )
  kill $! 2>/dev/null || true
  [[ "$answer" == welcome ]] || tr -d '"\\[:cntrl:]' <<<"${answer:-no greeting from port 8432}"
}

main() {
  local account=$1 folder=$2 peer problems=""
  shift 2
  for peer; do
    problems+="${problems:+,}\"$peer\":\"$(handshake_problem "$account" "$folder" "$peer")\""
  done
  printf '{%s}\n' "$problems"
}

main "$@" </dev/null
