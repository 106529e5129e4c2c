#!/usr/bin/env bash
# Leaves in the new root $1 nothing of the machine that built it, and nothing that must differ from host to host.
set -euo pipefail

main() {
  local root=$1
  rm -f "$root"/etc/ssh/ssh_host_* "$root/var/lib/dbus/machine-id" "$root"/var/log/*.log
  : >"$root/etc/machine-id"
  echo LANG=C.UTF-8 >"$root/etc/default/locale"
  echo localhost >"$root/etc/hostname"
  echo '127.0.0.1 localhost' >"$root/etc/hosts"
  ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
}

main "$@" </dev/null
