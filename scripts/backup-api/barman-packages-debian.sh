#!/usr/bin/env bash
# Installs packages $3… (Barman, PostgreSQL's programs and what pg-backup-api needs) from source $1 (distribution; pgdg, added by
# package $2; mirror at URL $2), without the packages' own main cluster. Safe to run again: a host that has them already is left as it is.
set -euo pipefail

installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status} ' "$@" 2>/dev/null | tr ' ' '\n' | grep -cx installed) == "$#" ]]
}

add_source() {
  case $1 in
    # The user vouches for it: it is a mirror of their own.
    mirror) echo "deb [trusted=yes] $2 ./" >/etc/apt/sources.list.d/lab.list ;;
    pgdg)
      # A new image has no lists.
      apt-get update
      apt-get install -y --no-install-recommends "$2" ca-certificates
      /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
      ;;
  esac
}

main() {
  local source=$1 url=$2
  shift 2
  export DEBIAN_FRONTEND=noninteractive
  if ! installed "$@"; then
    install -D -m 0644 <(echo 'create_main_cluster = false') /etc/postgresql-common/createcluster.conf
    add_source "$source" "$url"
    apt-get update
    apt-get install -y --no-install-recommends "$@"
  fi
  barman --version
}

main "$@" </dev/null
