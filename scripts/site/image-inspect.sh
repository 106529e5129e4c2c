#!/usr/bin/env bash
# Prints the size in bytes of the disk in volume $3 of pool $2 of libvirt $1, an image in format qcow2, once it has checksum $4
# (sha256:…; empty: any). Runs where the deployment runs, before the first host is made from it. Safe to run again: it only reads.
set -euo pipefail

refuse() {
  echo "$1; hint: correct the key; after virsh -c $uri vol-delete $volume --pool $pool the next up fetches the image again" >&2
  return 1
}

main() {
  local uri=$1 pool=$2 volume=$3 expected=$4 found header magic high low
  if [[ -n $expected ]]; then
    found=sha256:$(virsh -q -c "$uri" vol-download --pool "$pool" "$volume" /dev/stdout | sha256sum | cut -d ' ' -f 1)
    [[ $found == "$expected" ]] || refuse "lab:imageChecksum must be that of the image as it was fetched, $found, got \"$expected\""
  fi
  # The header of qcow2 (QEMU, "docs/interop/qcow2"): its name, and behind 24 bytes the size of the disk.
  header=$(virsh -q -c "$uri" vol-download --pool "$pool" --length 32 "$volume" /dev/stdout | od -An -w32 -tx4 --endian=big)
  read -r magic _ _ _ _ _ high low <<<"$header"
  [[ $magic == 514649fb ]] || refuse "lab:imagePath must be an image in format qcow2"
  echo $((16#$high$low))
}

main "$@" </dev/null
