#!/usr/bin/env bash
# Makes cluster `main` of PostgreSQL $1 with data checksums; where a restore left its data, takes that over.
# Safe to run again: a cluster that is there is left as it is.
set -euo pipefail

# pg_createcluster moves the configuration of data that it takes over to /etc; on Debian a backup has none with it.
add_samples() {
  local version=$1 data=$2 name
  for name in postgresql pg_hba pg_ident; do
    [[ -e $data/$name.conf ]] ||
      install -o postgres -g postgres -m 0640 "/usr/share/postgresql/$version/$name.conf.sample" "$data/$name.conf"
  done
}

main() {
  local version=$1 data=/var/lib/postgresql/$1/main
  # What makes it a cluster for Debian's tools. They are not asked: an emulated host takes a second to start one.
  if [[ ! -e /etc/postgresql/$version/main/postgresql.conf ]]; then
    if [[ -e $data/PG_VERSION ]]; then
      add_samples "$version" "$data"
      pg_createcluster "$version" main
    else
      # Written to disk at once, instead of a file at a time, which takes an emulated host four seconds.
      pg_createcluster "$version" main -- --data-checksums --no-sync
      sync --file-system "$data"
    fi
  fi
}

main "$@" </dev/null
