#!/usr/bin/env bash
# Makes of the Debian root $1, in which apt still works, one in the shape of SUSE Linux Enterprise Server 15: zypper and rpm manage it, and
# the packages in $2 are what it can get.
set -euo pipefail

# shellcheck source=test/support/guests/rpm/tools.sh
source "$(dirname "$(readlink -f "$0")")/../rpm/tools.sh"

main() {
  local root=$1 www=$2
  local suse=$www/updates.suse.com/SUSE/Updates/SLES/15-SP6/x86_64/update
  # The libraries stay Debian's: those that the rpm packages' programs are linked with.
  chroot "$root" apt-get install -y -qq --no-install-recommends ca-certificates zypper rpm gpg logrotate jq openssl \
    libpq5 libreadline8t64 libssl3t64 libxml2 liblz4-1 libzstd1 libbz2-1.0 libssh2-1t64 libicu76 libapr1t64 libaprutil1t64 >/dev/null
  install_tools "$root"
  install_release "$root" "$www" "$suse"/{sles-release,guest-base}-*.rpm
  take_debian_away "$root" /usr/sbin:/usr/bin:/sbin:/bin
  # SLES's own is 3.6, which no Barman of today runs under.
  rm "$root/usr/bin/python3"
}

main "$@" </dev/null
