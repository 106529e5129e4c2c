#!/usr/bin/env bash
# Installs on system $1 pgBackRest, exactly version $4 and held, and packages $5…, from source $2: pgdg, whose repositories come by the
# packages $3, or mirror, whose lab.repo is there already. Safe to run again: a host that has them already is left as it is.
set -euo pipefail

add_source() {
  local source=$1 packages
  read -ra packages <<<"$2"
  [[ $source != pgdg ]] || dnf install -y "${packages[@]}"
  # EL's own PostgreSQL module hides PGDG's packages.
  dnf -qy module disable postgresql
}

main() {
  local system=$1 source=$2 repositories=$3 pgbackrest=$4
  local packages=("pgbackrest-$pgbackrest" openssl jq "${@:5}")
  expect_system "$system"
  if ! rpm -q "${packages[@]}" >/dev/null; then
    add_source "$source" "$repositories"
    dnf install -y "${packages[@]}" 'dnf-command(versionlock)'
  fi
  dnf versionlock add "pgbackrest-$pgbackrest" >/dev/null
  [[ $(pgbackrest version) == "pgBackRest $pgbackrest" ]]
}

main "$@" </dev/null
