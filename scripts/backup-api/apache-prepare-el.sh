#!/usr/bin/env bash
# Has Apache HTTP Server with mod_ssl, which SELinux lets talk to the server behind it, and with no host but the one in file $1; port
# 80 is closed, 443 is open in firewalld, where that is on. Safe to run again. Nothing is reloaded here.
set -euo pipefail

main() {
  local host=$1
  rpm -q httpd mod_ssl curl >/dev/null || dnf install -y httpd mod_ssl curl
  sed -i 's/^Listen 80$/#Listen 80/' /etc/httpd/conf/httpd.conf
  # The stock host would answer where ours does not; `Listen 443` stays.
  sed -i '/^<VirtualHost /,/^<\/VirtualHost>/s/^[^#]/#&/' /etc/httpd/conf.d/ssl.conf
  [[ -e $host ]] || install -m 0644 /dev/null "$host"
  if selinuxenabled; then setsebool -P httpd_can_network_connect on; fi
  if systemctl is-active --quiet firewalld; then
    firewall-cmd --quiet --permanent --add-service=https
    firewall-cmd --quiet --add-service=https
  fi
  systemctl enable --quiet httpd
}

main "$@" </dev/null
