#!/usr/bin/env bash
# Makes of the Debian root $1, in which apt still works, one in the shape of Rocky Linux 8: dnf and rpm manage it, and the packages
# in $2 are what it can get.
set -euo pipefail

main() {
  local root=$1 www=$2
  local baseos=$www/dl.rockylinux.org/pub/rocky/8/BaseOS/x86_64/os
  # The libraries stay Debian's: those that the rpm packages' programs are linked with.
  chroot "$root" apt-get install -y -qq --no-install-recommends ca-certificates dnf dnf-plugins-core rpm gpgv logrotate \
    libpq5 libreadline8 libssl3 libxml2 liblz4-1 libzstd1 libbz2-1.0 libjq1 >/dev/null
  # Its number is that of EL's group postgres.
  chroot "$root" groupdel tape
  # EL's database, not Debian's in root's home.
  mkdir -p "$root"/etc/{rpm,dnf/plugins}
  echo '%_dbpath /var/lib/rpm' >"$root/etc/rpm/macros"
  printf '[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\n' >"$root/etc/dnf/dnf.conf"
  # EL has these in packages of their own.
  rm -f "$root"/etc/dnf/plugins/{versionlock,local}.* "$root"/usr/lib/python3/dist-packages/dnf-plugins/{versionlock,local}.py
  mkdir "$root/release"
  cp "$baseos"/{rocky-release,rocky-repos,guest-base}-*.rpm "$www/key.asc" "$root/release"
  chroot "$root" rpm --import /release/key.asc
  chroot "$root" bash -c 'rpm -i --force-debian --replacefiles /release/*.rpm'
  rm -r "$root/release"
  ln -sf ../usr/lib/os-release "$root/etc/os-release"
  rm "$root/etc/debian_version"
  # EL's shell and search path. The lab's own scripts stay with the one that they were written for.
  sed -i '1s|/bin/sh|/bin/dash|' "$root"/usr/local/sbin/lab-*
  ln -sf bash "$root/usr/bin/sh"
  sed -i 's|^Defaults[[:blank:]]*secure_path.*|Defaults secure_path = /sbin:/bin:/usr/sbin:/usr/bin|' "$root/etc/sudoers"
  # What EL does not have, no step may use.
  rm -f "$root"/usr/bin/{apt,apt-get,apt-cache,apt-config,apt-mark,dpkg,dpkg-deb,dpkg-query,deb-systemd-helper,deb-systemd-invoke}
}

main "$@" </dev/null
