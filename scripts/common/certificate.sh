#!/usr/bin/env bash
# Reading certificates.

# Reads a certificate. Without the system's CAs: `openssl x509` loads all of them, for nothing, which takes an emulated host most of half
# a second.
x509() {
  SSL_CERT_FILE=/dev/null openssl x509 -noout "$@"
}

# The first certificate in a text, PEM; nothing when there is none. Not by openssl, which an emulated host takes a second to start. One
# that was made elsewhere may end its lines with a carriage return, which JSON does not take.
cut_certificate() {
  local text=${1//$'\r'/} rest
  rest=${text#*-----BEGIN CERTIFICATE-----}
  [[ $rest == "$text" ]] || printf '%s' "-----BEGIN CERTIFICATE-----${rest%%-----END CERTIFICATE-----*}-----END CERTIFICATE-----"
}

# A certificate as a text in JSON.
certificate_json() {
  printf '"%s"' "${1//$'\n'/\\n}"
}
