#!/usr/bin/env bash
# Verifies that the host has booted and resolves every host of the lab ($@: NAME=ADDRESS), forward and backward.
# Safe to run again: it only reads.
set -euo pipefail
source common/shell.sh

# The name service's answers, as lines of direction and NAME=ADDRESS: one call for all hosts, as each call costs a process. A name service
# adds its domain to a host name, and leaves an FQDN as it is.
told() {
  local own='function own(name) { if (index(names, " " name " ") == 0) sub(/\..*/, "", name); return name }'
  getent ahostsv4 "${@/%=*/}" | awk -v names=" ${*/%=*/} " "$own"' $2 == "STREAM" { print "forward", own($3) "=" $1 }'
  getent hosts "${@/#*=/}" | awk -v names=" ${*/%=*/} " "$own"' { print "backward", own($2) "=" $1 }'
}

resolves() {
  local answer reservation
  answer=$(told "$@" || true)
  for reservation in "$@"; do
    [[ $'\n'$answer$'\n' == *$'\n'"forward $reservation"$'\n'* && $'\n'$answer$'\n' == *$'\n'"backward $reservation"$'\n'* ]] && continue
    echo "$reservation is missing; the name service answers:"$'\n'"$answer"
    return 1
  done
}

main() {
  # cloud-init still runs after sshd has started. Its status tells errors; 2 is only a warning.
  if command -v cloud-init >/dev/null; then
    cloud-init status --wait --long || [[ $? == 2 ]] || fail "cloud-init failed; hint: see /var/log/cloud-init-output.log"
  fi
  # A name service that has just started answers later than sshd.
  await 60 "the lab's hosts must resolve forward and backward" resolves "$@"
}

main "$@" </dev/null
