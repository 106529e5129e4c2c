#!/usr/bin/env bash
# Installs Apache HTTP Server with the modules of a reverse proxy with mutual TLS; it listens on port 443 instead of 80, for the virtual
# host in file $1. Safe to run again: nothing is reloaded here.
set -euo pipefail

main() {
  local host=$1 module
  rpm -q apache2 curl >/dev/null || zypper --non-interactive install apache2 curl
  sed -i 's/^Listen 80$/Listen 443/' /etc/apache2/listen.conf
  # In /etc/sysconfig/apache2; enabled modules stay enabled.
  for module in ssl proxy proxy_http allowmethods; do a2enmod "$module"; done
  [[ -e $host ]] || install -m 0644 /dev/null "$host"
  systemctl enable --quiet apache2
}

main "$@" </dev/null
