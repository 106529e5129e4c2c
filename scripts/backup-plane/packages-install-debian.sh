#!/usr/bin/env bash
# Installs on system $1 pgBackRest, exactly version $4 and held, and on a server package $5, from source $2 (distribution; pgdg, added by
# package $3; mirror at URL $3), without the packages' own main cluster. Safe to run again: installed packages are left as they are.
set -euo pipefail
source common/apt.sh
source common/system.sh

# Selection and status of both packages: "hold ok installed pgbackrest 2.45-1".
packages() {
  dpkg-query -W -f '${Status} ${Package} ${Version}\n' pgbackrest ${1:+"$1"} 2>/dev/null || true
}

main() {
  local system=$1 source=$2 from=$3 pgbackrest=$4 server=${5-} there
  local wanted=("pgbackrest=$pgbackrest-*" openssl jq)
  expect_system "$system"
  there=$(packages "$server")
  if [[ $there != *" installed pgbackrest $pgbackrest-"* ]] || [[ -n $server && $there != *" installed $server "* ]]; then
    [[ -z $server ]] || wanted+=("$server")
    install_from "$source" "$from" "${wanted[@]}"
    # A running server still has the old version, and refuses clients with the new one.
    systemctl try-restart pgbackrest
  fi
  [[ $there == *"hold ok installed pgbackrest $pgbackrest-"* ]] || with_packages apt-mark hold pgbackrest >/dev/null
  expect_pgbackrest "$pgbackrest"
}

main "$@" </dev/null
