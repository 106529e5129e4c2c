#!/usr/bin/env bash
# Ends domain $2 of libvirt $1 and forgets its definition; its disk stays. Runs where the deployment runs.
# Safe to run again: a domain that is not there is none.
set -euo pipefail

main() {
  local uri=$1 domain=$2
  virsh -c "$uri" dominfo "$domain" >/dev/null 2>&1 || return 0
  [[ $(virsh -c "$uri" domstate "$domain") != running* ]] || virsh -c "$uri" destroy "$domain"
  virsh -c "$uri" undefine "$domain"
}

main "$@" </dev/null
