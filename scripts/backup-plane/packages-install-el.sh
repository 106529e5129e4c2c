#!/usr/bin/env bash
# Installs on system $1 pgBackRest, exactly version $4 and held, and packages $5…, from source $2: pgdg, whose repositories packages $3 set
# up, or mirror, whose lab.repo is there already. Safe to run again: installed packages are left as they are.
set -euo pipefail
source common/dnf.sh
source common/system.sh

main() {
  local system=$1 source=$2 repositories=$3 pgbackrest=$4
  local packages=("pgbackrest-$pgbackrest" openssl jq "${@:5}")
  expect_system "$system"
  if ! rpm -q "${packages[@]}" >/dev/null; then
    install_from "$source" "$repositories" "${packages[@]}" 'dnf-command(versionlock)'
    # A running server still has the old version, and refuses clients with the new one.
    systemctl try-restart pgbackrest
  fi
  # An image may have the packages, and not the plugin.
  rpm -q --whatprovides 'dnf-command(versionlock)' >/dev/null || dnf install -y 'dnf-command(versionlock)'
  dnf versionlock add "pgbackrest-$pgbackrest" >/dev/null
  expect_pgbackrest "$pgbackrest"
}

main "$@" </dev/null
