#!/usr/bin/env bash
# Talking to pgBackRest's TLS servers as OpenSSL does.
source common/shell.sh

TLS_PORT=8432

# What OpenSSL tells of the certificate that this host's server presents to account $1, whose pair lies in folder $2, within $3 seconds
# (10). It is not the one on disk when the server missed a reload.
served_certificate() {
  as "$1" timeout "${3:-10}" openssl s_client -connect "127.0.0.1:$TLS_PORT" \
    -cert "$2/host.crt" -key "$2/host.key" -CAfile "$2/ca.crt" 2>/dev/null </dev/null || true
}

# What OpenSSL tells of a handshake, by mutual TLS, as account $1 with the certificate in folder $2, with the server on host $3, up to
# the server's greeting. A client hears that it was refused only after its own handshake (TLS 1.3), so the proof is the greeting, which
# the server sends when it has accepted the client's certificate.
shake_hands() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line"
    [[ $line != '{"name":"pgBackRest"'* ]] || break
  done < <(
    exec timeout 60 setpriv --reuid="$1" --regid="$1" --init-groups \
      openssl s_client -connect "$3:$TLS_PORT" -verify_hostname "$3" -verify_return_error -ign_eof \
      -cert "$2/host.crt" -key "$2/host.key" -CAfile "$2/ca.crt" 2>&1 </dev/null
  )
  kill $! 2>/dev/null || true
}

# Prints what went wrong in a handshake, and fails; nothing when all is well.
welcomed() {
  local line problem=""
  while IFS= read -r line; do
    [[ $line != '{"name":"pgBackRest"'* ]] || return 0
    [[ -n $problem || $line != *[Ee]rr* ]] || problem=$line
  done <<<"$1"
  tr -d '"\\[:cntrl:]' <<<"${problem:-no greeting from port $TLS_PORT}"
  return 1
}
