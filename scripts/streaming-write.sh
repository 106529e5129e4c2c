#!/usr/bin/env bash
# Proves on the primary that standby $1, with address $2, streams, writes a row for it, and prints what the row says.
# Safe to run again: the standby has one row, which is written anew.
set -euo pipefail

query() {
  sudo -u postgres psql -XAtq -v ON_ERROR_STOP=1 -d postgres -c "$1"
}

main() {
  local standby=$1 address=$2 deadline=$((SECONDS + 120))
  until [[ $(query "SELECT state FROM pg_stat_replication WHERE client_addr = '$address'") == streaming ]]; do
    if ((SECONDS >= deadline)); then
      echo "the primary must show $standby ($address) streaming, shows: $(query 'TABLE pg_stat_replication')" >&2
      return 1
    fi
    sleep 0.5
  done
  # One at a time: IF NOT EXISTS does not help two standbys that are proven at the same moment.
  query 'DO $$ BEGIN
    PERFORM pg_advisory_xact_lock(8432);
    CREATE SCHEMA IF NOT EXISTS lab;
    CREATE TABLE IF NOT EXISTS lab.streaming (standby text PRIMARY KEY, written timestamptz NOT NULL);
  END $$'
  query "INSERT INTO lab.streaming VALUES ('$standby', clock_timestamp())
    ON CONFLICT (standby) DO UPDATE SET written = excluded.written RETURNING written AT TIME ZONE 'UTC'"
}

main "$@" </dev/null
