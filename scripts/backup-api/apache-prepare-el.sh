#!/usr/bin/env bash
# Installs Apache HTTP Server with mod_ssl, allowed by SELinux to reach the server behind it, and with only the virtual host in file $1;
# port 80 is closed, 443 is open in firewalld if that runs. Safe to run again: nothing is reloaded here.
set -euo pipefail
source common/firewalld.sh

main() {
  local host=$1
  rpm -q httpd mod_ssl curl >/dev/null || dnf install -y httpd mod_ssl curl
  sed -i 's/^Listen 80$/#Listen 80/' /etc/httpd/conf/httpd.conf
  # The package's virtual host would answer other names; `Listen 443` stays.
  sed -i '/^<VirtualHost /,/^<\/VirtualHost>/s/^[^#]/#&/' /etc/httpd/conf.d/ssl.conf
  [[ -e $host ]] || install -m 0644 /dev/null "$host"
  if [[ -n $(type -P selinuxenabled) ]] && selinuxenabled; then setsebool -P httpd_can_network_connect on; fi
  open_in_firewalld service=https
  systemctl enable --quiet httpd
}

main "$@" </dev/null
