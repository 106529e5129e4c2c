#!/usr/bin/env bash
# Makes cluster `main` of PostgreSQL $1 with data checksums; where a restore left its data, takes that over.
# Safe to run again: a cluster that is there is left as it is.
set -euo pipefail

main() {
  local version=$1
  if ! pg_lsclusters -h "$version" main 2>/dev/null | grep -q .; then
    if [[ -e /var/lib/postgresql/$version/main/PG_VERSION ]]; then
      pg_createcluster "$version" main
    else
      pg_createcluster "$version" main -- --data-checksums
    fi
  fi
  pg_lsclusters -h "$version" main | grep -q .
}

main "$@" </dev/null
