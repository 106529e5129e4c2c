#!/usr/bin/env bash
# Prints what a machine is that exists: its system, clock, memory, the stack that has it, which of the $1 files and folders $2… hold something
# and how much, the free space of their file systems, the addresses that it listens on, and what is wrong with a connection to each of the
# further words (ADDRESS:PORT). Safe to run again: it only reads.
set -euo pipefail
source common/machine.sh
source common/peers.sh

# MiB that are free for each: of a folder that is missing, where it would be made.
print_free() {
  local path folder
  for path in "$@"; do
    folder=$path
    until [[ -d $folder ]]; do folder=$(dirname "$folder"); done
    printf '%s %s\n' "$path" "$(df --output=avail -BM "$folder" | tail -1 | tr -dc 0-9)"
  done
}

main() {
  local count=$1 server path problem
  local -a paths=("${@:2:count}")
  # shellcheck disable=SC1091 # the machine's own
  printf '==== system\n%s\n' "$(source /etc/os-release && echo "$ID ${VERSION_ID:-$VERSION_CODENAME}")"
  printf '==== %s\n%s\n' now "$(date +%s)" memory "$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" owner "$(owner)"
  printf '==== %s\n%s\n' free "$(print_free "${paths[@]}")" listening "$(ss -Hltn | awk '{ print $4 }')"
  printf '==== taken\n'
  for path in "${paths[@]}"; do ! is_taken "$path" || printf '%s %s\n' "$path" "$(du -sh "$path" | cut -f 1)"; done
  printf '==== connections\n'
  for server in "${@:count+2}"; do
    problem=$(tcp_problem "${server%:*}" "${server#*:}")
    printf '%s %s\n' "$server" "${problem%%$'\n'*}"
  done
}

main "$@" </dev/null
