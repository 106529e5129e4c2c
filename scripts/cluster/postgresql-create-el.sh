#!/usr/bin/env bash
# Makes the cluster of PostgreSQL $1 with data checksums and in UTF8, whatever locale the login has; where a restore left its data, there
# is nothing to make.
# Safe to run again: a cluster that is there is left as it is.
set -euo pipefail
source common/shell.sh

main() {
  local version=$1
  local data=/var/lib/pgsql/$version/data
  [[ -e $data/PG_VERSION ]] ||
    PGSETUP_INITDB_OPTIONS="--locale=C.UTF-8 --encoding=UTF8 --data-checksums" "/usr/pgsql-$version/bin/postgresql-$version-setup" initdb
  [[ $(<"$data/PG_VERSION") == "$version" ]] || fail "the cluster in $data must be of PostgreSQL $version, is of $(<"$data/PG_VERSION")"
}

main "$@" </dev/null
