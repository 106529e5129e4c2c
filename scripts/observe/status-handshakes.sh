#!/usr/bin/env bash
# Prints as JSON, for each of the hosts $3…, the certificate that its server shows and what goes wrong in a mutual TLS handshake with it: an
# empty text when nothing does. Account $1 is the client, with the certificate in folder $2. Safe to run again: it only reads.
set -euo pipefail
source common/certificate.sh
source common/pgbackrest-server.sh

main() {
  local account=$1 folder=$2 peer facts="" said problem
  shift 2
  for peer; do
    said=$(shake_hands "$account" "$folder" "$peer")
    problem=$(welcomed "$said") || true
    facts+="${facts:+,}\"$peer\":{\"problem\":\"$problem\",\"certificate\":$(certificate_json "$(cut_certificate "$said")")}"
  done
  printf '{%s}\n' "$facts"
}

main "$@" </dev/null
