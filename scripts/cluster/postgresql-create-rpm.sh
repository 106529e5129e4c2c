#!/usr/bin/env bash
# Creates the cluster of PostgreSQL $1 with data checksums, locale $2 and encoding $3.
# Safe to run again: an existing or restored cluster is left as it is.
set -euo pipefail
source common/shell.sh

main() {
  local version=$1 locale=$2 encoding=$3
  local data=/var/lib/pgsql/$version/data
  [[ -e $data/PG_VERSION ]] ||
    PGSETUP_INITDB_OPTIONS="--locale=$locale --encoding=$encoding --data-checksums" "/usr/pgsql-$version/bin/postgresql-$version-setup" initdb
  [[ $(<"$data/PG_VERSION") == "$version" ]] || fail "$data holds a cluster of PostgreSQL $(<"$data/PG_VERSION"), not $version"
}

main "$@" </dev/null
