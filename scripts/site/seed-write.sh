#!/usr/bin/env bash
# Writes the seed on stdin to volume $3 in pool $2 of libvirt $1, unless domain $4 is running, and has read its seed. The seed is base64 of
# an ISO 9660 image without its system area, which is empty. Runs where the deployment runs.
# Safe to run again: the whole volume is overwritten, so nothing is left of an earlier seed.
set -euo pipefail

main() {
  local uri=$1 pool=$2 volume=$3 domain=${4-}
  if [[ -n $domain && $(virsh -q -c "$uri" domstate "$domain") == running ]]; then return; fi
  { head -c 32768 /dev/zero && base64 --decode; } | virsh -q -c "$uri" vol-upload --pool "$pool" "$volume" /dev/stdin
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
