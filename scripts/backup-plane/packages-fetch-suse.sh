#!/usr/bin/env bash
# Fetches for an upgrade pgBackRest, exactly version $4, with what it needs, from source $2 on system $1: pgdg, set up by the URLs in $3, or
# mirror, whose lab.repo is there already. A newer installed one is refused. Safe to run again: it installs nothing.
set -euo pipefail
source common/pgbackrest-package.sh
source common/system.sh
source common/zypper.sh

fetch() {
  add_source "$1" "$2"
  unheld zypp_install --download-only "pgbackrest=$3"
}

main() {
  local system=$1 source=$2 urls=$3 pgbackrest=$4
  expect_system "$system"
  ! rpm -q "pgbackrest-$pgbackrest" >/dev/null || return 0
  fetch_pgbackrest "$pgbackrest" "$source" fetch "$source" "$urls" "$pgbackrest"
}

main "$@" </dev/null
