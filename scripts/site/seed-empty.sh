#!/usr/bin/env bash
# Overwrites seed volume $3 in pool $2 of libvirt $1, which holds a host's SSH key and was read at its first boot. Runs where the
# deployment runs. Safe to run again: an empty volume is emptied.
set -euo pipefail

main() {
  local uri=$1 pool=$2 volume=$3
  virsh -c "$uri" vol-wipe "$volume" --pool "$pool"
}

main "$@" </dev/null
