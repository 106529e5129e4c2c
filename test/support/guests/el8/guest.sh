#!/usr/bin/env bash
# Makes of the Debian root $1, in which apt still works, one in the shape of Rocky Linux 8: dnf and rpm manage it, and the packages
# in $2 are what it can get.
set -euo pipefail

# shellcheck source=test/support/guests/rpm/tools.sh
source "$(dirname "$(readlink -f "$0")")/../rpm/tools.sh"

main() {
  local root=$1 www=$2
  local baseos=$www/dl.rockylinux.org/pub/rocky/8/BaseOS/x86_64/os
  # The libraries stay Debian's: those that the rpm packages' programs are linked with.
  chroot "$root" apt-get install -y -qq --no-install-recommends ca-certificates dnf dnf-plugins-core rpm gpgv logrotate \
    libpq5 libreadline8 libssl3 libxml2 liblz4-1 libzstd1 libbz2-1.0 libjq1 libapr1 libaprutil1 python3-argcomplete >/dev/null
  install_tools "$root"
  mkdir -p "$root/etc/dnf/plugins"
  printf '[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\n' >"$root/etc/dnf/dnf.conf"
  # EL has these in packages of their own.
  rm -f "$root"/etc/dnf/plugins/{versionlock,local}.* "$root"/usr/lib/python3/dist-packages/dnf-plugins/{versionlock,local}.py
  install_release "$root" "$www" "$baseos"/{rocky-release,rocky-repos,guest-base}-*.rpm
  take_debian_away "$root" /sbin:/bin:/usr/sbin:/usr/bin
}

main "$@" </dev/null
