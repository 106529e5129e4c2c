#!/usr/bin/env bash
# Proves that the host has booted and finds every host of the lab ($@: NAME=ADDRESS), forward and backward.
# Safe to run again: it only looks.
set -euo pipefail
source common/shell.sh

# What the name service says, as lines of direction and NAME=ADDRESS: asked once for all, as each question costs a process.
told() {
  getent ahostsv4 "${@/%=*/}" | awk '$2 == "STREAM" { sub(/\..*/, "", $3); print "forward", $3 "=" $1 }'
  getent hosts "${@/#*=/}" | awk '{ sub(/\..*/, "", $2); print "backward", $2 "=" $1 }'
}

resolves() {
  local answer reservation
  answer=$(told "$@" || true)
  for reservation in "$@"; do
    [[ $'\n'$answer$'\n' == *$'\n'"forward $reservation"$'\n'* && $'\n'$answer$'\n' == *$'\n'"backward $reservation"$'\n'* ]] && continue
    echo "$reservation is not found, the name service says:"$'\n'"$answer"
    return 1
  done
}

main() {
  # Where there is cloud-init, it is at work after sshd has started. Its status says what went wrong; a warning (2) is none.
  if command -v cloud-init >/dev/null; then
    cloud-init status --wait --long || [[ $? == 2 ]] || fail "cloud-init failed; hint: /var/log/cloud-init-output.log"
  fi
  # A name service that has just started answers a little later than sshd.
  await 60 "every host must be found by name and by address" resolves "$@"
}

main "$@" </dev/null
