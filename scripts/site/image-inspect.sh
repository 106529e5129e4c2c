#!/usr/bin/env bash
# Verifies checksum $4 (sha256:…; empty: any) of the qcow2 image in volume $3 of pool $2 of libvirt $1, and prints its disk's size in bytes.
# Runs where the deployment runs, before the first host is created from it. Safe to run again: it only reads.
set -euo pipefail

refuse() {
  echo "$1; hint: correct the key; after virsh -c $uri vol-delete $volume --pool $pool the next up downloads the image again" >&2
  return 1
}

main() {
  local uri=$1 pool=$2 volume=$3 expected=$4 found header magic high low
  if [[ -n $expected ]]; then
    found=sha256:$(virsh -q -c "$uri" vol-download --pool "$pool" "$volume" /dev/stdout | sha256sum | cut -d ' ' -f 1)
    [[ $found == "$expected" ]] || refuse "lab:imageChecksum must match the downloaded image, $found, got \"$expected\""
  fi
  # The header of qcow2 (QEMU, "docs/interop/qcow2"): a magic number, and at byte 24 the size of the disk.
  header=$(virsh -q -c "$uri" vol-download --pool "$pool" --length 32 "$volume" /dev/stdout | od -An -w32 -tx4 --endian=big)
  read -r magic _ _ _ _ _ high low <<<"$header"
  [[ $magic == 514649fb ]] || refuse "lab:imagePath must be an image in format qcow2"
  echo $((16#$high$low))
}

main "$@" </dev/null
