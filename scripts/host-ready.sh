#!/usr/bin/env bash
# Proves that the host has booted and finds every host of the lab ($@: NAME=ADDRESS), forward and backward.
# Safe to run again: it only looks.
set -euo pipefail

# A name service that has just started answers a little later than sshd.
resolves() {
  local name=$1 address=$2
  local deadline=$((SECONDS + 60))
  until [[ $(getent ahostsv4 "$name" | awk 'NR == 1 { print $1 }') == "$address" ]] &&
    [[ $(getent hosts "$address" | awk '{ print $2 }') =~ ^"$name"(\.|$) ]]; do
    if ((SECONDS >= deadline)); then
      echo "name service: $name must be $address forward and backward, got" \
        "\"$(getent ahostsv4 "$name" | head -n 1)\" and \"$(getent hosts "$address")\"" >&2
      return 1
    fi
    sleep 0.5
  done
}

main() {
  local reservation
  for reservation in "$@"; do
    resolves "${reservation%%=*}" "${reservation#*=}"
  done
}

main "$@" </dev/null
