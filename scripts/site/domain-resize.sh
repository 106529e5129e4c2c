#!/usr/bin/env bash
# Gives domain $2 of libvirt $1 $3 processors and $4 MiB of memory: it is shut off, defined again and started. Prints when it was started.
# Runs where the deployment runs. Safe to run again: a running domain of that size is left alone, and an interrupted one is completed.
set -euo pipefail
# Untranslated output.
export LC_ALL=C

# Its processors, memory in KiB, and state.
describe() {
  virsh -q -c "$1" dominfo "$2" |
    awk -F ': +' '$1 == "CPU(s)" { cpus = $2 } $1 == "Max memory" { memory = $2 + 0 } $1 == "State" { state = $2 } END { print cpus, memory, state }'
}

# libvirt cannot ask a container: it does not know its init. It ends the processes, with SIGTERM first. A guest that still boots ignores
# the first requests.
shut_off() {
  local uri=$1 domain=$2 second deadline=300 request=shutdown
  [[ $uri != lxc* ]] || request=destroy
  for ((second = 0; second < deadline; second++)); do
    [[ $(virsh -q -c "$uri" domstate "$domain") != "shut off" ]] || return 0
    ((second % 10 != 0)) || virsh -q -c "$uri" "$request" "$domain" || true
    sleep 1
  done
  echo "$domain must shut off within $deadline s of virsh shutdown; hint: virsh -c \"$uri\" console $domain shows why it does not" >&2
  return 1
}

main() {
  local uri=$1 domain=$2 size="$3 $(($4 * 1024))" cpus memory state
  read -r cpus memory state < <(describe "$uri" "$domain")
  if [[ "$cpus $memory" != "$size" ]]; then
    # First: a definition of the right size means that the domain runs with it.
    shut_off "$uri" "$domain"
    virsh -q -c "$uri" dumpxml --inactive "$domain" |
      sed -E "s|^(  <(memory\|currentMemory) )[^>]*>[0-9]+<|\1unit='KiB'>${size#* }<|; s|^(  <vcpu\b[^>]*>)[0-9]+<|\1${size% *}<|" |
      virsh -q -c "$uri" define /dev/stdin
  elif [[ $state != "shut off" ]]; then
    return
  fi
  virsh -q -c "$uri" start "$domain"
  date --utc +%FT%TZ
}

main "$@" </dev/null
