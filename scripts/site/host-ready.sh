#!/usr/bin/env bash
# Proves that the host has booted and finds every host of the lab ($@: NAME=ADDRESS), forward and backward.
# Safe to run again: it only looks.
set -euo pipefail

# What the name service says, as lines of direction and NAME=ADDRESS: asked once for all, as each question costs a process.
told() {
  getent ahostsv4 "${@/%=*/}" | awk '$2 == "STREAM" { sub(/\..*/, "", $3); print "forward", $3 "=" $1 }'
  getent hosts "${@/#*=/}" | awk '{ sub(/\..*/, "", $2); print "backward", $2 "=" $1 }'
}

resolves() {
  local answer reservation
  answer=$(told "$@" || true)
  for reservation in "$@"; do
    [[ $'\n'$answer$'\n' == *$'\n'"forward $reservation"$'\n'* && $'\n'$answer$'\n' == *$'\n'"backward $reservation"$'\n'* ]] || return 1
  done
}

main() {
  # Where there is cloud-init, it is at work after sshd has started. Its status says what went wrong; a warning (2) is none.
  if command -v cloud-init >/dev/null; then
    cloud-init status --wait --long || [[ $? == 2 ]]
  fi
  # A name service that has just started answers a little later than sshd.
  if ! await 60 resolves "$@"; then
    printf 'every host must be found by name and by address: %s\nthe name service says:\n%s\n' "$*" "$(told "$@")" >&2
    return 1
  fi
}

main "$@" </dev/null
