#!/usr/bin/env bash
# Verifies on the primary, with the programs in folder $1, that standby $2 at address $3 is in state $4, writes a row for it, and prints the
# row's time. Safe to run again: the standby's row is overwritten.
set -euo pipefail
source common/postgresql.sh
source common/shell.sh

streams() {
  local states
  states=$(query "$1" -c "SELECT state || CASE WHEN ssl THEN ' over TLS' ELSE '' END
    FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE client_addr = '$2'")
  [[ $states != "$3"* ]] || return 0
  echo "${states:-no connection}"
  return 1
}

main() {
  local binaries=$1 standby=$2 address=$3 wanted=$4
  await 120 "pg_stat_replication must have $standby ($address) $wanted; it has" streams "$binaries" "$address" "$wanted"
  # One at a time: IF NOT EXISTS fails when two sessions create at the same moment.
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
