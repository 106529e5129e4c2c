#!/usr/bin/env bash
# Has network $2 of libvirt $1 give the lab's hosts their addresses and resolve their names ($3…: "MAC ADDRESS NAME…"), and no other's. Runs
# where the deployment runs. Safe to run again: an entry that is there is left as it is.
set -euo pipefail
# Untranslated output.
export LC_ALL=C

# Prints the network's entries: "dhcp MAC ADDRESS", "dns ADDRESS NAME…".
entries() {
  virsh -q -c "$1" net-dumpxml "$2" | awk -F "'" '
    function field(name) { return match($0, name "=\047[^\047]*\047") ? substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 3) : "" }
    /<host mac=/ { print "dhcp", field("mac"), field(" ip") }
    /<host ip=/ { names = ""; address = field("ip") }
    /<hostname>/ { gsub(/ *<\/?hostname>/, ""); names = names " " $0 }
    /<\/host>/ { print "dns", address names }'
}

# usage: change URI NETWORK add|delete ENTRY
change() {
  local kind first rest name section=ip-dhcp-host xml
  read -r kind first rest <<<"$4"
  xml="<host mac='$first' ip='$rest'/>"
  if [[ $kind == dns ]]; then
    section=dns-host xml="<host ip='$first'>"
    for name in $rest; do xml+="<hostname>$name</hostname>"; done
    xml+="</host>"
  fi
  virsh -q -c "$1" net-update "$2" "$3" "$section" "$xml" --live --config </dev/null
}

main() {
  local uri=$1 network=$2 host mac address names entry present wanted=""
  for host in "${@:3}"; do
    read -r mac address names <<<"$host"
    wanted+="dhcp $mac $address"$'\n'"dns $address $names"$'\n'
  done
  present=$(entries "$uri" "$network")
  while read -r entry; do
    change "$uri" "$network" delete "$entry"
  done < <(grep -vxF "$wanted" <<<"$present")
  while read -r entry; do
    change "$uri" "$network" add "$entry"
  done < <(grep -vxF "$present" <<<"${wanted%$'\n'}")
}

main "$@" </dev/null
