#!/usr/bin/env bash
# Has Barman receive the WAL of server $1, whose primary it asks by connection $2, kept going by unit $3, and proves it by `barman
# check`. Safe to run again: a receiver that runs is left alone; a WAL segment more is switched to.
set -euo pipefail

main() {
  local server=$1 connection=$2 cron=$3 deadline=$((SECONDS + 180)) said
  systemctl enable --quiet --now "$cron"
  # Until the first segment has arrived there is no archive, and `check` says so. A segment in which nothing was written is not
  # switched: the restore point is what is written.
  until said=$(as_barman barman check "$server" 2>&1); do
    if ((SECONDS >= deadline)); then
      printf 'barman check %s fails:\n%s\n' "$server" "$said" >&2
      return 1
    fi
    as_barman barman cron >/dev/null 2>&1 || true
    as_barman psql -XAtq -w "$connection" -c "SELECT pg_create_restore_point('barman check'), pg_switch_wal()" >/dev/null 2>&1 || true
    sleep 1
    as_barman barman archive-wal "$server" >/dev/null 2>&1 || true
  done
  echo "$said"
}

main "$@" </dev/null
