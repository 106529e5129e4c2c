#!/usr/bin/env bash
# Installs on system $1 pgBackRest, exactly version $4 and held, and packages $5…, from source $2: pgdg, whose repositories packages $3 set
# up, or mirror, whose lab.repo is there already. A newer pgBackRest is refused. Safe to run again: installed packages are left as they are.
set -euo pipefail
source common/dnf.sh
source common/pgbackrest-package.sh
source common/system.sh

# Holds pgBackRest at version $1, and at no other.
hold() {
  ! dnf versionlock list | grep -F pgbackrest- | grep -qvF "pgbackrest-0:$1-" || dnf versionlock delete pgbackrest >/dev/null
  dnf versionlock add "pgbackrest-$1" >/dev/null
}

main() {
  local system=$1 source=$2 repositories=$3 pgbackrest=$4
  local packages=("pgbackrest-$pgbackrest" openssl jq "${@:5}")
  expect_system "$system"
  if ! rpm -q "${packages[@]}" >/dev/null; then
    refuse_downgrade "$pgbackrest"
    add_source "$source" "$repositories"
    # The lock is another version's.
    dnf install -y --disableplugin=versionlock "${packages[@]}" 'dnf-command(versionlock)'
  fi
  # An image may have the packages, and not the plugin.
  rpm -q --whatprovides 'dnf-command(versionlock)' >/dev/null || dnf install -y 'dnf-command(versionlock)'
  hold "$pgbackrest"
  restart_outdated
  expect_pgbackrest "$pgbackrest"
}

main "$@" </dev/null
