#!/usr/bin/env bash
# Has Barman receive the WAL of server $1, whose primary it asks by connection $2, kept going by unit $3, and proves it by `barman
# check`. Safe to run again: a receiver that runs is left alone; a WAL segment more is switched to.
set -euo pipefail
source common/barman.sh
source common/shell.sh

# Until the first segment has arrived there is no archive, and `check` says so. A segment in which nothing was written is not switched: the
# restore point is what is written.
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
