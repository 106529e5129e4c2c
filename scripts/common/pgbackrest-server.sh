#!/usr/bin/env bash
# Talking to pgBackRest's TLS servers as OpenSSL does.
source common/shell.sh

TLS_PORT=8432

# What OpenSSL reports of the certificate that this host's server presents to account $1, whose pair lies in folder $2, within $3 seconds
# (default 10). A server that missed a reload presents another one than the one on disk.
served_certificate() {
  as "$1" timeout "${3:-10}" openssl s_client -connect "127.0.0.1:$TLS_PORT" \
    -cert "$2/host.crt" -key "$2/host.key" -CAfile "$2/ca.crt" 2>/dev/null </dev/null || true
}

# What OpenSSL reports of a mutual TLS handshake as account $1, with the certificate in folder $2, with the server on host $3, up to the
# server's greeting. In TLS 1.3 a refusal reaches the client only after its own handshake. The greeting is the proof: the server sends it
# once it has accepted the client's certificate.
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

# Prints the error of a handshake, and fails; prints nothing when it succeeded.
welcomed() {
  local line problem=""
  while IFS= read -r line; do
    [[ $line != '{"name":"pgBackRest"'* ]] || return 0
    [[ -n $problem || $line != *[Ee]rr* ]] || problem=$line
  done <<<"$1"
  tr -d '"\\[:cntrl:]' <<<"${problem:-no greeting from port $TLS_PORT}"
  return 1
}
