#!/usr/bin/env bash
# Updates packages $4… of the PostgreSQL whose programs are in folder $1, whose data is in folder $2 and whose service is $3, which then runs
# the new ones. Safe to run again: what is new already is left as it is, and a server that still runs the old program is restarted.
set -euo pipefail
source common/postgresql-update.sh
source common/shell.sh
source common/zypper.sh

main() {
  local binaries=$1 data=$2 service=$3 said
  prepare_restart "$binaries"
  said=$(zypp update --no-recommends "${@:4}" 2>&1) || fail "PostgreSQL's packages were not updated" "$said"
  run_installed "$binaries" "$data" "$service"
}

main "$@" </dev/null
