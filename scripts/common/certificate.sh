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
