#!/usr/bin/env bash
# Installs Apache HTTP Server with the modules of a reverse proxy with mutual TLS; it listens on port 443 instead of 80, for the virtual
# host in file $1, also through firewalld if that runs. Safe to run again: nothing is reloaded here.
set -euo pipefail
source common/firewalld.sh
source common/zypper.sh

main() {
  local host=$1 listen="Listen 443" module wanted
  mapfile -t wanted < <(not_installed apache2 curl)
  ((${#wanted[@]} == 0)) || zypp_install "${wanted[@]}"
  # With the flag SSL, the package's own `Listen 443` counts.
  ! grep -qE '^APACHE_SERVER_FLAGS=.*\bSSL\b' /etc/sysconfig/apache2 || listen="#Listen 80"
  sed -i "s/^Listen 80$/$listen/" /etc/apache2/listen.conf
  # In /etc/sysconfig/apache2; enabled modules stay enabled.
  for module in ssl proxy proxy_http allowmethods; do a2enmod "$module"; done
  [[ -e $host ]] || install -m 0644 /dev/null "$host"
  open_in_firewalld service=https
  systemctl enable --quiet apache2
}

main "$@" </dev/null
