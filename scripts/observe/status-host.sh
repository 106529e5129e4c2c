#!/usr/bin/env bash
# Prints this host's facts as JSON. Account $1 runs pgBackRest for stanza $2 with the certificate in folder $3; $4… are the units.
# Safe to run again: it only reads.
set -euo pipefail
source common/certificate.sh
source common/pgbackrest.sh

# The first certificate in a file, which need not be there.
installed() {
  local pem=""
  [[ ! -e $1 ]] || pem=$(<"$1")
  certificate_json "$(cut_certificate "$pem")"
}

main() {
  local account=$1 stanza=$2 folder=$3 version info index states units=""
  shift 3
  version=$(pgbackrest version)
  info=$(stanza_info "$account" "$stanza")
  # A line for each unit.
  mapfile -t states < <(systemctl is-active "$@" || true)
  for ((index = 1; index <= $#; index++)); do units+="${units:+,}\"${!index}\":\"${states[index - 1]-unknown}\""; done
  printf '{"pgbackrest":"%s","units":{%s},"certificate":%s,"authority":%s,"info":%s}\n' \
    "${version#pgBackRest }" "$units" "$(installed "$folder/host.crt")" "$(installed "$folder/ca.crt")" "$info"
}

main "$@" </dev/null
