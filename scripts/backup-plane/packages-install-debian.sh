#!/usr/bin/env bash
# Installs on system $1 pgBackRest, exactly version $4 and held, and on a server package $5, from source $2 (distribution; pgdg, added by
# package $3; mirror at URL $3), without the packages' own main cluster. Safe to run again: a host that has them already is left as it is.
set -euo pipefail

# What is wanted and what is there, in dpkg's words: "hold ok installed pgbackrest 2.45-1".
packages() {
  dpkg-query -W -f '${Status} ${Package} ${Version}\n' pgbackrest ${1:+"$1"} 2>/dev/null || true
}

add_source() {
  local source=$1 from=$2
  case $source in
    mirror)
      # The user vouches for it: it is a mirror of their own.
      echo "deb [trusted=yes] $from ./" >/etc/apt/sources.list.d/lab.list
      ;;
    pgdg)
      # A new image has no lists.
      apt-get update
      apt-get install -y --no-install-recommends "$from" ca-certificates
      /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
      ;;
  esac
}

main() {
  local system=$1 source=$2 from=$3 pgbackrest=$4 server=${5-} there
  local wanted=("pgbackrest=$pgbackrest-*" openssl jq)
  expect_system "$system"
  export DEBIAN_FRONTEND=noninteractive
  there=$(packages "$server")
  if [[ $there != *" installed pgbackrest $pgbackrest-"* ]] || [[ -n $server && $there != *" installed $server "* ]]; then
    install -D -m 0644 <(echo 'create_main_cluster = false') /etc/postgresql-common/createcluster.conf
    add_source "$source" "$from"
    [[ -z $server ]] || wanted+=("$server")
    apt-get update
    apt-get install -y --no-install-recommends --allow-change-held-packages "${wanted[@]}"
  fi
  [[ $there == *"hold ok installed pgbackrest $pgbackrest-"* ]] || apt-mark hold pgbackrest >/dev/null
  [[ $(pgbackrest version) == "pgBackRest $pgbackrest" ]]
}

main "$@" </dev/null
