#!/usr/bin/env bash
# Starts domain $2 of libvirt $1 for the first time: as guest $3, saved after its boot, when that is there and fits, else by booting it.
# Runs where the deployment runs. Safe to run again: a domain that runs is left alone, and a guest that finds another disk than its own
# boots anew from that.
set -euo pipefail
# Bytes, not letters; words that are not translated.
export LC_ALL=C

# Four bytes of file $1, at $2: a number.
number() {
  od --address-radix=n --format=u4 --skip-bytes="$2" --read-bytes=4 "$1" | tr -d ' '
}

# A saved guest is a header, a definition, and memory (libvirt, qemu_saveimage.h, version 2). It is told whose memory it is by the
# definition, of which libvirt lets nobody change name and UUID. Behind its length stand: to be resumed, how it is compressed, no cookie.
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
