#!/bin/sh
# What udhcpc calls with the lease in its environment: sets the address, the route and the name service.
set -eu

case $1 in
  deconfig)
    ip address flush dev "${interface:?}"
    ip link set "${interface:?}" up
    ;;
  bound | renew)
    # First the name service: who reaches this host by its address may ask for names.
    {
      if [ -n "${domain:-}" ]; then echo "search $domain"; fi
      for server in ${dns:-}; do echo "nameserver $server"; done
    } >/etc/resolv.conf.new
    mv /etc/resolv.conf.new /etc/resolv.conf
    ip address replace "${ip:?}/${mask:?}" broadcast + dev "${interface:?}"
    for gateway in ${router:-}; do ip route replace default via "$gateway" dev "${interface:?}"; done
    ;;
esac
