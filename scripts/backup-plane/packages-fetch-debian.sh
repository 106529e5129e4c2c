#!/usr/bin/env bash
# Fetches for an upgrade pgBackRest, exactly version $4, with what it needs, from source $2 (pgdg, added by package $3; distribution; mirror,
# which lab.list names already) on system $1. A newer installed one is refused. Safe to run again: it installs nothing.
set -euo pipefail
source common/apt.sh
source common/pgbackrest-package.sh
source common/system.sh

fetch() {
  add_source "$1" "$2"
  apt_install --download-only "pgbackrest=$3-*"
}

main() {
  local system=$1 source=$2 from=$3 pgbackrest=$4
  expect_system "$system"
  [[ $(dpkg-query -W -f '${db:Status-Status} ${Version}' pgbackrest 2>/dev/null) != "installed $pgbackrest-"* ]] || return 0
  fetch_pgbackrest "$pgbackrest" "$source" fetch "$source" "$from" "$pgbackrest"
}

main "$@" </dev/null
