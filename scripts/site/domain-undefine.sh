#!/usr/bin/env bash
# Destroys and undefines domain $2 of libvirt $1; its disk stays. Runs where the deployment runs.
# Safe to run again: a missing domain is no error.
set -euo pipefail

# On a busy machine a container's processes outlive libvirt's patience of some seconds ("Some processes refused to die").
destroy() {
  local uri=$1 domain=$2 deadline=$((SECONDS + 60))
  while [[ $(virsh -c "$uri" domstate "$domain") == running* ]]; do
    if virsh -c "$uri" destroy "$domain"; then return; fi
    if ((SECONDS >= deadline)); then
      echo "domain $domain still runs" >&2
      return 1
    fi
    sleep 1
  done
}

main() {
  local uri=$1 domain=$2
  virsh -c "$uri" dominfo "$domain" >/dev/null 2>&1 || return 0
  destroy "$uri" "$domain"
  virsh -c "$uri" undefine "$domain"
}

main "$@" </dev/null
