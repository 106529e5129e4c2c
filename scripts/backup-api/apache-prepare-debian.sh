#!/usr/bin/env bash
# Installs Apache HTTP Server with the modules of a reverse proxy with mutual TLS, and with only the virtual host in file $1; port 80 is
# closed. Safe to run again: nothing is reloaded here.
set -euo pipefail
source common/apt.sh

main() {
  local host=$1
  if ! has_packages apache2 curl; then
    update_lists
    apt-get install -y --no-install-recommends apache2 curl
  fi
  sed -i 's/^Listen 80$/#Listen 80/' /etc/apache2/ports.conf
  a2enmod --quiet ssl proxy proxy_http allowmethods
  a2dissite --quiet 000-default default-ssl
  [[ -e $host ]] || install -m 0644 /dev/null "$host"
  a2ensite --quiet "$(basename "$host" .conf)"
  systemctl enable --quiet apache2
}

main "$@" </dev/null
