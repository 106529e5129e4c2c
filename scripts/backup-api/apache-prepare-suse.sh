#!/usr/bin/env bash
# Has Apache HTTP Server with its modules for mutual TLS in front of another server; it listens on port 443 in place of 80, for the
# host in file $1. Safe to run again. Nothing is reloaded here.
set -euo pipefail

main() {
  local host=$1 module
  rpm -q apache2 curl >/dev/null || zypper --non-interactive install apache2 curl
  sed -i 's/^Listen 80$/Listen 443/' /etc/apache2/listen.conf
  # In /etc/sysconfig/apache2; a module that is there already is left there.
  for module in ssl proxy proxy_http allowmethods; do a2enmod "$module"; done
  [[ -e $host ]] || install -m 0644 /dev/null "$host"
  systemctl enable --quiet apache2
}

main "$@" </dev/null
