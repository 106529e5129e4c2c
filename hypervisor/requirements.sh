#!/usr/bin/env bash
# Installs Debian packages without starting their services. Without packages it only removes the leftovers of an interrupted run.
# usage: requirements.sh [PACKAGE...]
# Safe to run again: apt leaves alone what is installed.
set -euo pipefail

policy=/usr/sbin/policy-rc.d
kept_policy=$policy.before-lab

# The marked file is the lab's: the machine's own is kept beside it, in case this run is killed.
forbid_services() {
  restore_policy
  if [ -e "$policy" ]; then mv "$policy" "$kept_policy"; fi
  printf '#!/bin/sh\n# lab\nexit 101\n' >"$policy"
  chmod 0755 "$policy"
}

restore_policy() {
  if [ "$(sed -n 2p "$policy" 2>/dev/null)" = '# lab' ]; then rm "$policy"; fi
  if [ -e "$kept_policy" ]; then mv "$kept_policy" "$policy"; fi
}

main() {
  local lock
  # A second run must not mistake the first one's policy for the machine's.
  exec {lock}</etc/apt
  flock "$lock"
  trap restore_policy EXIT
  if [ "$#" -eq 0 ]; then return; fi
  echo "installing $*"
  forbid_services
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q -o DPkg::Lock::Timeout=600 update
  apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=false --no-install-recommends install "$@"
}

main "$@" </dev/null
