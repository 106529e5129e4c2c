#!/usr/bin/env bash
# Refuses a cluster that stack $1 cannot adopt; what it is has words $2… (common/adoption.sh). Safe to run again: it only reads, and passes what the
# stack has adopted.
set -euo pipefail
source common/adoption.sh
source common/machine.sh
source common/shell.sh

main() {
  local said
  [[ $(owner) != "$1" ]] || return 0
  said=$(refusals "${@:2}")
  [[ -z $said ]] || fail "the cluster cannot be adopted: ${said%%$'\n'*}"
}

main "$@" </dev/null
