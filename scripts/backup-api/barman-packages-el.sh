#!/usr/bin/env bash
# Installs packages $3… (Barman, PostgreSQL's programs and what pg-backup-api needs) from source $1: pgdg, whose repositories come by the
# packages $2, or mirror, whose lab.repo is there already. Safe to run again: a host that has them already is left as it is.
set -euo pipefail

main() {
  local source=$1 repositories
  read -ra repositories <<<"$2"
  shift 2
  if ! rpm -q "$@" >/dev/null; then
    [[ $source != pgdg ]] || dnf install -y "${repositories[@]}"
    # EL's own PostgreSQL module hides PGDG's packages.
    dnf -qy module disable postgresql
    dnf install -y "$@"
  fi
  barman --version
}

main "$@" </dev/null
