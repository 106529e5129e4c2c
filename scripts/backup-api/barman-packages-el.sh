#!/usr/bin/env bash
# Installs packages $3… (Barman, PostgreSQL's programs and what pg-backup-api needs) from source $1: pgdg, whose repositories come by the
# packages $2, or mirror, whose lab.repo is there already. Safe to run again: a host that has them already is left as it is.
set -euo pipefail
source common/dnf.sh

main() {
  rpm -q "${@:3}" >/dev/null || install_from "$@"
  barman --version
}

main "$@" </dev/null
