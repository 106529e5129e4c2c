#!/usr/bin/env bash
# Reading certificates.

# Reads a certificate, without loading the system's CAs: `openssl x509` needs none, and they take an emulated host almost half a second.
x509() {
  SSL_CERT_FILE=/dev/null openssl x509 -noout "$@"
}

# The first certificate in a text, PEM, or nothing. Not with openssl, which an emulated host takes a second to start. A certificate from
# elsewhere may end its lines with a carriage return, which JSON does not take.
cut_certificate() {
  local text=${1//$'\r'/} rest
  rest=${text#*-----BEGIN CERTIFICATE-----}
  [[ $rest == "$text" ]] || printf '%s' "-----BEGIN CERTIFICATE-----${rest%%-----END CERTIFICATE-----*}-----END CERTIFICATE-----"
}

# Whether $2, what OpenSSL reports of a handshake, has the certificate in folder $1; prints which one it has instead. A certificate from
# elsewhere may have lines of another length.
is_installed() {
  local installed
  installed=$(cut_certificate "$(<"$1/host.crt")")
  [[ -n $installed && $(cut_certificate "$2" | tr -d '[:space:]') == "${installed//[[:space:]]/}" ]] && return
  x509 -serial -enddate <<<"$2" 2>&1
  return 1
}
