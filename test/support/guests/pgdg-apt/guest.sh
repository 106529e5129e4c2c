#!/usr/bin/env bash
# Makes of the Debian root $1 one that gets Debian's own packages from the mirror of the tests, and has nothing of PGDG's.
set -euo pipefail

main() {
  local root=$1
  chroot "$root" apt-get install -y -qq --no-install-recommends logrotate >/dev/null
  # The test vouches for it.
  echo 'deb [trusted=yes] http://debian.mirror ./' >"$root/etc/apt/sources.list"
}

main "$@" </dev/null
