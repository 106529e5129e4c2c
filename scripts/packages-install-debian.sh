#!/usr/bin/env bash
# Installs pgBackRest, exactly version $3 and held, and on a server ($5) PostgreSQL $4, from source $1 (distribution, pgdg, or mirror
# at $2), without the packages' own main cluster. Safe to run again: a host that has them already is left as it is.
set -euo pipefail

# What is wanted and what is there, in dpkg's words: "hold ok installed pgbackrest 2.45-1".
packages() {
  dpkg-query -W -f '${Status} ${Package} ${Version}\n' pgbackrest "$1" 2>/dev/null || true
}

add_source() {
  local source=$1 url=$2
  case $source in
    mirror)
      # The user vouches for it: it is a mirror of their own.
      echo "deb [trusted=yes] $url ./" >/etc/apt/sources.list.d/lab.list
      ;;
    pgdg)
      apt-get install -y --no-install-recommends postgresql-common ca-certificates
      /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
      ;;
  esac
}

main() {
  local source=$1 url=$2 pgbackrest=$3 server=postgresql-$4 part=$5 there
  local wanted=("pgbackrest=$pgbackrest-*" openssl jq)
  export DEBIAN_FRONTEND=noninteractive
  there=$(packages "$server")
  if [[ $there != *" installed pgbackrest $pgbackrest-"* ]] || [[ $part == server && $there != *" installed $server "* ]]; then
    install -D -m 0644 <(echo 'create_main_cluster = false') /etc/postgresql-common/createcluster.conf
    add_source "$source" "$url"
    [[ $part == client ]] || wanted+=("$server")
    apt-get update
    apt-get install -y --no-install-recommends --allow-change-held-packages "${wanted[@]}"
  fi
  [[ $there == *"hold ok installed pgbackrest $pgbackrest-"* ]] || apt-mark hold pgbackrest >/dev/null
  [[ $(pgbackrest version) == "pgBackRest $pgbackrest" ]]
}

main "$@" </dev/null
