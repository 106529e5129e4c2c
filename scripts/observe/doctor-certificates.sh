#!/usr/bin/env bash
# Prints as JSON the certificate files in folder $2, what the key's public half is, and the certificate that this host's own pgBackRest
# server shows account $1. Safe to run again: it only reads.
set -euo pipefail
source common/certificate.sh
source common/pgbackrest-server.sh

main() {
  local account=$1 folder=$2 name there=()
  for name in host.key host.crt ca.crt; do
    [[ ! -e $folder/$name ]] || there+=("$folder/$name")
  done
  # An unreadable one is a finding, not a failure.
  jq -n --argjson now "$(date +%s)" \
    --arg files "$([[ ${#there[@]} == 0 ]] || stat -Lc '%n %U %a' "${there[@]}")" \
    --arg certificate "$(cut_certificate "$(cat "$folder/host.crt" 2>/dev/null || true)")" \
    --arg trusted "$(cat "$folder/ca.crt" 2>/dev/null || true)" \
    --arg publicKey "$(openssl pkey -in "$folder/host.key" -pubout 2>/dev/null || true)" \
    --arg served "$(cut_certificate "$(served_certificate "$account" "$folder" "$((3 * SLOWNESS))")")" '
    {now: $now, certificate: $certificate, trusted: $trusted, publicKey: $publicKey, served: $served,
      files: ([$files | splits("\n") | split(" ") | select(length == 3) | {(.[0]): "\(.[1]) \(.[2])"}] | add // {})}'
}

main "$@" </dev/null
