#!/usr/bin/env bash
# Updates packages $4… of the PostgreSQL whose programs are in folder $1, whose data is in folder $2 and whose service is $3, which then runs
# the new ones. Safe to run again: what is new already is left as it is, and a server that still runs the old program is restarted.
set -euo pipefail
source common/postgresql-update.sh

main() {
  update_postgresql "$1" "$2" "$3" dnf upgrade -y "${@:4}"
}

main "$@" </dev/null
