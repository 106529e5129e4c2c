#!/usr/bin/env bash
# Installs packages $3… (Barman, PostgreSQL's programs and what pg-backup-api needs) from source $1: pgdg, whose repositories packages $2
# set up, or mirror, whose lab.repo is there already. Safe to run again: installed packages are left as they are.
set -euo pipefail
source common/dnf.sh

main() {
  rpm -q "${@:3}" >/dev/null || install_from "$@"
  barman --version
}

main "$@" </dev/null
