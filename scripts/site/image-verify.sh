#!/usr/bin/env bash
# Proves that volume $3 in pool $2 of libvirt $1 has checksum $4 (sha256:…). Runs where the deployment runs, before the first host is
# made from it. Safe to run again: it only reads.
set -euo pipefail

main() {
  local uri=$1 pool=$2 volume=$3 expected=$4 found
  found=sha256:$(virsh -q -c "$uri" vol-download --pool "$pool" "$volume" /dev/stdout | sha256sum | cut -d ' ' -f 1)
  if [[ $found != "$expected" ]]; then
    echo "lab:imageChecksum must be that of the image, which is $found as it was fetched, got \"$expected\"; hint: if the checksum" \
      "is right, virsh -c $uri vol-delete $volume --pool $pool has the next up fetch it anew" >&2
    return 1
  fi
}

main "$@" </dev/null
