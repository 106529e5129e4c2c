#!/usr/bin/env bash
# Destroys and undefines domain $2 of libvirt $1; its disk stays. Runs where the deployment runs.
# Safe to run again: a missing domain is no error.
set -euo pipefail

main() {
  local uri=$1 domain=$2
  virsh -c "$uri" dominfo "$domain" >/dev/null 2>&1 || return 0
  [[ $(virsh -c "$uri" domstate "$domain") != running* ]] || virsh -c "$uri" destroy "$domain"
  virsh -c "$uri" undefine "$domain"
}

main "$@" </dev/null
