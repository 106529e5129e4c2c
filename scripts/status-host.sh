#!/usr/bin/env bash
# Prints this host's facts as JSON. Account $1 runs pgBackRest for stanza $2 with the certificate in folder $3; $4… are the units.
# Safe to run again: it only reads.
set -euo pipefail

main() {
  local account=$1 stanza=$2 folder=$3 version info unit units=""
  shift 3
  version=$(pgbackrest version)
  info=$(stanza_info "$account" "$stanza")
  for unit; do
    units+="${units:+,}\"$unit\":\"$(systemctl is-active "$unit" || true)\""
  done
  printf '{"pgbackrest":"%s","units":{%s},"certificateEnd":"%s","servedCertificateEnd":"%s","info":%s}\n' \
    "${version#pgBackRest }" "$units" "$(certificate_end <"$folder/host.crt")" \
    "$(served_certificate "$account" "$folder" | certificate_end)" "$info"
}

main "$@" </dev/null
