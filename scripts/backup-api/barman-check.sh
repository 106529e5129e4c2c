#!/usr/bin/env bash
# Has Barman receive the WAL of server $1, with connection $2 to the primary and maintenance by unit $3, until `barman check` passes.
# Safe to run again: a running receiver is left alone; PostgreSQL switches to a new WAL segment.
set -euo pipefail
source common/barman.sh
source common/shell.sh

# `check` fails until the first WAL segment has arrived. PostgreSQL does not switch an empty segment: the restore point fills it.
receives() {
  as_barman barman check "$1" && return
  {
    as_barman barman archive-wal "$1"
    as_barman barman cron
    as_barman psql -XAtq -w "$2" -c "SELECT pg_create_restore_point('barman check'), pg_switch_wal()"
  } >/dev/null 2>&1
  return 1
}

main() {
  local server=$1 connection=$2 cron=$3
  systemctl enable --quiet --now "$cron"
  await 180 "barman check $server fails" receives "$server" "$connection"
}

main "$@" </dev/null
