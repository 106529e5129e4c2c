#!/usr/bin/env bash
# Starts domain $2 of libvirt $1 for the first time: resumed from saved guest $3 if that exists and matches, else booted. Runs where the
# deployment runs. Safe to run again: a running domain is left alone, and a saved guest that finds another disk than its own reboots from it.
set -euo pipefail
# Lengths in bytes, untranslated output.
export LC_ALL=C

# The 32-bit number in file $1 at offset $2.
number() {
  od --address-radix=n --format=u4 --skip-bytes="$2" --read-bytes=4 "$1" | tr -d ' '
}

# Puts another definition into a saved guest: a header, the definition, and memory (libvirt, qemu_saveimage.h, version 2).
# libvirt itself allows no other name and UUID there. After the definition's length the header has: to be resumed, compression, no cookie.
graft() {
  local saved=$1 definition=$2 hex
  printf -v hex '%08x' $((${#definition} + 1))
  head -c 20 "$saved"
  printf '%b' "\\x${hex:6:2}\\x${hex:4:2}\\x${hex:2:2}\\x${hex:0:2}" '\x01\0\0\0'
  tail -c +29 "$saved" | head -c 4
  head -c 60 /dev/zero
  printf '%s\0' "$definition"
  tail -c +$((92 + $(number "$saved" 20) + 1)) "$saved"
}

restore() {
  local uri=$1 domain=$2 saved=$3 definition
  [[ -r $saved ]] || return 1
  definition=$(virsh -c "$uri" dumpxml --inactive --migratable "$domain") || return 1
  graft "$saved" "$definition" >"$grafted" || return 1
  virsh -q -c "$uri" restore "$grafted"
}

main() {
  local uri=$1 domain=$2 saved=$3
  [[ $(virsh -q -c "$uri" domstate "$domain") != running ]] || return 0
  grafted=$(mktemp)
  trap 'rm -f "$grafted"' EXIT
  if restore "$uri" "$domain" "$saved"; then
    echo "restored from $saved"
    return
  fi
  virsh -q -c "$uri" start "$domain"
  echo "booted"
}

main "$@" </dev/null
