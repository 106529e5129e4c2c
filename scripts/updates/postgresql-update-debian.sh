#!/usr/bin/env bash
# Updates packages $4… of the PostgreSQL whose programs are in folder $1, whose data is in folder $2 and whose service is $3, which then runs
# the new ones. Safe to run again: what is new already is left as it is, and a server that still runs the old program is restarted.
set -euo pipefail
source common/apt.sh
source common/postgresql-update.sh

update() {
  with_packages apt_install --only-upgrade "$@"
}

main() {
  update_postgresql "$1" "$2" "$3" update "${@:4}"
}

main "$@" </dev/null
