#!/usr/bin/env bash
# Installs on system $1 pgBackRest, exactly version $4 and held, and on a server package $5, from source $2 (pgdg, added by package $3;
# distribution; mirror, which lab.list names already), without the packages' own main cluster. A newer pgBackRest is refused.
# Safe to run again: installed packages are left as they are.
set -euo pipefail
source common/apt.sh
source common/pgbackrest-package.sh
source common/system.sh

# Selection and status of packages: "hold ok installed pgbackrest 2.45-1".
packages() {
  dpkg-query -W -f '${Status} ${Package} ${Version}\n' "$@" 2>/dev/null || true
}

main() {
  local system=$1 source=$2 from=$3 pgbackrest=$4 package there
  local needed=(openssl jq "${@:5}") wanted=()
  expect_system "$system"
  there=$(packages pgbackrest "${needed[@]}")
  [[ $there == *" installed pgbackrest $pgbackrest-"* ]] || wanted=("pgbackrest=$pgbackrest-*")
  for package in "${needed[@]}"; do
    [[ $there == *" installed $package "* ]] || wanted+=("$package")
  done
  if ((${#wanted[@]} > 0)); then
    refuse_downgrade "$pgbackrest"
    # What was fetched for an upgrade needs no source.
    with_packages apt_install --no-download "${wanted[@]}" 2>/dev/null || install_from "$source" "$from" "${wanted[@]}"
  fi
  [[ $there == *"hold ok installed pgbackrest $pgbackrest-"* ]] || with_packages apt-mark hold pgbackrest >/dev/null
  restart_outdated
  expect_pgbackrest "$pgbackrest"
}

main "$@" </dev/null
