#!/usr/bin/env bash
# The firewall of EL and SLES.

# Opens in firewalld, if it runs, now and for good: port=8432/tcp, service=https.
open_in_firewalld() {
  local what
  systemctl is-active --quiet firewalld || return 0
  for what; do
    firewall-cmd --quiet --permanent "--add-$what"
    firewall-cmd --quiet "--add-$what"
  done
}
