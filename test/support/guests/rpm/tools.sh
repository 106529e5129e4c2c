#!/usr/bin/env bash
# What guests with rpm packages share: Debian's programs behind the packages' names, and no sign of Debian.

# Installs in root $1, in which apt still works, the programs whose packages have no file in the repositories.
install_tools() {
  local root=$1
  chroot "$root" apt-get install -y -qq --no-install-recommends curl rsync cron media-types python3-venv python3-wheel python3-setuptools \
    python3-pkg-resources python3-gunicorn python3-flask python3-requests python3-psycopg2 python3-dateutil >/dev/null
  # The unit comes with a package.
  chroot "$root" systemctl disable --quiet cron
  rm -f "$root"/{usr/,}lib/systemd/system/cron.service
  # Its number is that of the group postgres.
  chroot "$root" groupdel tape
  # The system's database, not Debian's in root's home.
  mkdir -p "$root/etc/rpm"
  echo '%_dbpath /var/lib/rpm' >"$root/etc/rpm/macros"
}

# Installs in root $1 the release and base packages $3…, signed by the key in folder $2.
install_release() {
  local root=$1 www=$2 force
  mkdir "$root/release"
  cp "$www/key.asc" "${@:3}" "$root/release"
  chroot "$root" rpm --import /release/key.asc
  # Debian 12's rpm refuses to install packages on Debian.
  force=$(chroot "$root" rpm --help | grep -o -e --force-debian || true)
  chroot "$root" bash -c "rpm -i $force --replacefiles /release/*.rpm"
  rm -r "$root/release"
  ln -sf ../usr/lib/os-release "$root/etc/os-release"
  rm "$root/etc/debian_version"
}

# Gives root $1 the shell and the search path $2 of such a system. The lab's own scripts stay with the shell that they were written for.
take_debian_away() {
  local root=$1 path=$2
  sed -i '1s|/bin/sh|/bin/dash|' "$root"/usr/local/sbin/lab-*
  ln -sf bash "$root/usr/bin/sh"
  sed -i "s|^Defaults[[:blank:]]*secure_path.*|Defaults secure_path = $path|" "$root/etc/sudoers"
  # What such a system does not have, no step may use.
  rm -f "$root"/usr/bin/{apt,apt-get,apt-cache,apt-config,apt-mark,dpkg,dpkg-deb,dpkg-query,deb-systemd-helper,deb-systemd-invoke}
}
