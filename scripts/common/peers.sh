#!/usr/bin/env bash
# Reaching another host by its name.

# The IPv4 addresses of name $1, one a line; nothing when it is not resolved.
addresses_of() {
  getent ahostsv4 "$1" | sed -n 's/ .*STREAM.*//p'
}

# What goes wrong with a TCP connection to port $2 of host $1; nothing when nothing does.
tcp_problem() {
  local said
  # shellcheck disable=SC2016 # for the inner bash
  said=$(timeout "$((3 * SLOWNESS))" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1) || printf '%s\n' "${said:-timed out}"
}
