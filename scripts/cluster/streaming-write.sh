#!/usr/bin/env bash
# Proves on the primary, whose programs lie in folder $1, that standby $2, with address $3, streams, writes a row for it, and prints
# what the row says. Safe to run again: the standby has one row, which is written anew.
set -euo pipefail

streams() {
  [[ $(query "$1" -c "SELECT state FROM pg_stat_replication WHERE client_addr = '$2'") == streaming ]]
}

main() {
  local binaries=$1 standby=$2 address=$3
  if ! await 120 streams "$binaries" "$address"; then
    echo "the primary must show $standby ($address) streaming, shows: $(query "$binaries" -c 'TABLE pg_stat_replication')" >&2
    return 1
  fi
  # One at a time: IF NOT EXISTS does not help two standbys that are proven at the same moment.
  query "$binaries" <<SQL
DO \$\$ BEGIN
  PERFORM pg_advisory_xact_lock(8432);
  CREATE SCHEMA IF NOT EXISTS lab;
  CREATE TABLE IF NOT EXISTS lab.streaming (standby text PRIMARY KEY, written timestamptz NOT NULL);
END \$\$;
INSERT INTO lab.streaming VALUES ('$standby', clock_timestamp())
ON CONFLICT (standby) DO UPDATE SET written = excluded.written RETURNING written AT TIME ZONE 'UTC'
SQL
}

main "$@" </dev/null
