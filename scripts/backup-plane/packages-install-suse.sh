#!/usr/bin/env bash
# Installs on system $1 pgBackRest, exactly version $4 and held, and packages $5…, from source $2: pgdg, set up by the URLs in $3, or mirror,
# whose lab.repo is there already. A newer pgBackRest is refused. Safe to run again: installed packages are left as they are.
set -euo pipefail
source common/pgbackrest-package.sh
source common/system.sh
source common/zypper.sh

main() {
  local system=$1 source=$2 urls=$3 pgbackrest=$4
  local wanted
  expect_system "$system"
  mapfile -t wanted < <(not_installed "pgbackrest-$pgbackrest" openssl jq "${@:5}")
  if ((${#wanted[@]} > 0)); then
    refuse_downgrade "$pgbackrest"
    add_source "$source" "$urls"
    # For zypper, a version follows a sign.
    unheld zypp_install "${wanted[@]/#pgbackrest-/pgbackrest=}"
  fi
  hold_pgbackrest
  restart_outdated
  expect_pgbackrest "$pgbackrest"
}

main "$@" </dev/null
