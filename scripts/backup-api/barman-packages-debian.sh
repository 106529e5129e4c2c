#!/usr/bin/env bash
# Installs packages $3… (Barman, PostgreSQL's programs and what pg-backup-api needs) from source $1 (pgdg, added by package $2;
# distribution; mirror, which lab.list names already), without the packages' own main cluster.
# Safe to run again: installed packages are left as they are.
set -euo pipefail
source common/apt.sh

main() {
  has_packages "${@:3}" || install_from "$@"
  barman --version
}

main "$@" </dev/null
