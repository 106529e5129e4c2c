#!/usr/bin/env bash
# Makes the guest root $1 one of the lab: only the services that it needs, and nothing in it that must differ from guest to guest.
set -euo pipefail

# shellcheck disable=SC2016
make_cluster='
  version=$(ls /usr/lib/postgresql)
  pg_createcluster --start-conf manual "$version" main
  find "/var/lib/postgresql/$version/main" -mindepth 1 -delete'

main() {
  local root=$1 kind=$2 here unit
  here=$(dirname "$(readlink -f "$0")")
  while read -r unit; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done < <(cat "$here"/{common,"$kind"}/masked-units)
  mkdir -p "$root/etc/systemd/system-generators"
  while read -r unit; do
    ln -sf /dev/null "$root/etc/systemd/system-generators/$unit"
  done <"$here/common/masked-generators"
  while read -r unit; do
    chroot "$root" systemctl --quiet enable "$unit" </dev/null
  done < <(cat "$here"/{common,"$kind"}/enabled-units)
  chroot "$root" systemctl --quiet set-default multi-user.target
  # Started by who asks for it: at boot it would only cost time.
  rm -f "$root/lib/systemd/system/multi-user.target.wants"/{dbus,systemd-logind}.service
  # Who configures them enables them: pgBackRest restarts for ever until then, the others are for the backup API's host alone.
  for unit in pgbackrest apache2 apache-htcacheclean cron; do
    if [ -e "$root/lib/systemd/system/$unit.service" ]; then chroot "$root" systemctl --quiet disable "$unit.service" </dev/null; fi
  done
  if [ -e "$root/lib/systemd/system/pgbackrest.service" ]; then chroot "$root" apt-mark hold pgbackrest </dev/null >/dev/null; fi

  rm -f "$root"/etc/ssh/ssh_host_* "$root"/etc/ssl/private/ssl-cert-snakeoil.key "$root"/etc/ssl/certs/ssl-cert-snakeoil.pem
  # The configuration of a cluster, as Debian's tools make it; its data is each host's own. It is not started before that is there.
  if [ -e "$root/usr/bin/pg_createcluster" ]; then chroot "$root" bash -euc "$make_cluster" </dev/null; fi
  # The account that the lab uses; its keys come with the seed.
  chmod 0700 "$root/etc/skel/.ssh"
  chmod 0600 "$root/etc/skel/.ssh/authorized_keys"
  chroot "$root" useradd --create-home --shell /bin/bash --password '*' lab </dev/null
  : >"$root/etc/machine-id"
  rm -f "$root/var/lib/dbus/machine-id" "$root/etc/hostname"
  : >"$root/etc/resolv.conf"
  : >"$root/etc/fstab"
  # The machine's mirror is out of the guests' reach.
  : >"$root/etc/apt/sources.list"
  rm -f "$root"/etc/apt/sources.list.d/* "$root/etc/apt/apt.conf.d/99mmdebstrap"
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/log/*.log "$root/var/log/apt"
}

main "$@" </dev/null
