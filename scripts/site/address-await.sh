#!/usr/bin/env bash
# Waits until domain $2 of libvirt $1 answers at address $3: the DHCP server of bridge $4 has to reserve that for MAC address $5. The domain
# has $6 seconds to be seen on the bridge, and $7 from then on. Runs where the deployment runs. Safe to run again: it changes nothing.
set -euo pipefail
# Untranslated output.
export LC_ALL=C

# The MAC address of whoever answers at address $1 on a network of this machine.
owner() {
  # The kernel asks for it.
  echo 2>/dev/null >"/dev/udp/$1/9" || true
  ip -4 neigh show to "$1" | awk '$NF == "REACHABLE" { for (i = 1; i < NF; i++) if ($i == "lladdr") print $(i + 1) }'
}

# The other addresses of MAC address $1 that this machine knows.
addresses() {
  ip -4 neigh show | awk -v mac="$1" '/ lladdr / && index($0, mac) { print $1 }' | xargs
}

# Whether a host behind a router answers at address $1.
answers() {
  [[ $(ip -4 route get "$1") == *" via "* ]] && timeout 1 bash -c ": </dev/tcp/$1/22" 2>/dev/null
}

is_seen() {
  bridge fdb show br "$1" 2>/dev/null | grep "^$2 " >/dev/null
}

main() {
  local uri=$1 domain=$2 address=$3 bridge=$4 mac=$5 boot=$6 lease=$7 second deadline=$6 seen=0 found
  for ((second = 0; second < deadline; second++)); do
    found=$(owner "$address")
    if [[ -n $found && $found != "$mac" ]]; then
      echo "$domain cannot have $address: MAC address $found answers there, and the domain has $mac; hint: give the other machine another address, then run up again" >&2
      return 1
    fi
    if [[ -n $found ]] || answers "$address"; then return 0; fi
    if ((!seen)) && is_seen "$bridge" "$mac"; then
      seen=1
      deadline=$((second + lease))
    fi
    sleep 1
  done
  # A bridge of another machine cannot be watched.
  if ((!seen)) && ip link show "$bridge" >/dev/null 2>&1; then
    echo "$domain does not answer at $address, and has sent nothing on bridge $bridge in $boot s; hint: virsh -c \"$uri\" console $domain shows whether it boots" >&2
    return 1
  fi
  found=$(addresses "$mac")
  echo "$domain does not answer at $address: ${found:+it has $found, and }no DHCP server on bridge $bridge has given it that in $((seen ? lease : boot)) s; hint: reserve $address for MAC address $mac there, then virsh -c \"$uri\" destroy $domain; virsh -c \"$uri\" start $domain, and run up again" >&2
  return 1
}

main "$@" </dev/null
