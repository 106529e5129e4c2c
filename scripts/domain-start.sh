#!/usr/bin/env bash
# Starts domain $2 of libvirt $1 for the first time: as guest $3, saved after its boot, when that is there and fits, else by booting it.
# Runs where the deployment runs. Safe to run again: a domain that runs is left alone, and a guest that finds another disk than its own
# boots anew from that.
set -euo pipefail

word() {
  od --address-radix=n --format=u4 --skip-bytes="$2" --read-bytes=4 "$1" | tr -d ' '
}

little_endian() {
  local byte
  for byte in "$@"; do
    printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $((byte & 255)) $((byte >> 8 & 255)) $((byte >> 16 & 255)) $((byte >> 24)))"
  done
}

# A saved guest is a header, a definition, and memory (libvirt, qemu_saveimage.h, version 2). It is told whose memory it is by the
# definition, of which libvirt lets nobody change name and UUID.
graft() {
  local saved=$1 definition=$2
  head -c 20 "$saved"
  # The definition's length; to be resumed; not compressed; no cookie.
  little_endian $((${#definition} + 1)) 1 0 0
  head -c 56 /dev/zero
  printf '%s\0' "$definition"
  tail -c +$((92 + $(word "$saved" 20) + 1)) "$saved"
}

restore() {
  local uri=$1 domain=$2 saved=$3 definition
  [[ -e $saved ]] || return 1
  definition=$(LC_ALL=C virsh -c "$uri" dumpxml --inactive --migratable "$domain")
  grafted=$(mktemp)
  trap 'rm -f "$grafted"' EXIT
  graft "$saved" "$definition" >"$grafted"
  virsh -q -c "$uri" restore "$grafted"
}

main() {
  local uri=$1 domain=$2 saved=$3
  [[ $(virsh -q -c "$uri" domstate "$domain") != running ]] || return 0
  if restore "$uri" "$domain" "$saved"; then
    echo "restored from $saved"
  else
    virsh -q -c "$uri" start "$domain"
    echo "booted"
  fi
}

main "$@" </dev/null
