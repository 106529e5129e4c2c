#!/usr/bin/env bash
# Has the primary keep the replication slots $2 (a,b…), made anew where PostgreSQL has given one up, and none of the slots $3, whose standbys
# are cut off. PostgreSQL's programs lie in folder $1. Safe to run again: a slot that PostgreSQL keeps WAL for is left as it is.
set -euo pipefail
source common/postgresql.sh
source common/shell.sh

# Prints those of slots $2 that kept more WAL than max_slot_wal_keep_size: lost for good, even if a standby streams from one (PostgreSQL 16, 17).
lost() {
  query "$1" -v slots="$2" <<'SQL'
SELECT string_agg(slot_name, ',') FROM pg_replication_slots s WHERE slot_name = ANY (string_to_array(:'slots', ','))
  AND (to_jsonb(s) ->> 'wal_status' = 'lost' OR to_jsonb(s) ->> 'invalidation_reason' IS NOT NULL)
SQL
}

create() {
  query "$1" -v slots="$2" <<'SQL'
SELECT pg_create_physical_replication_slot(name) FROM unnest(string_to_array(:'slots', ',')) name
WHERE name NOT IN (SELECT slot_name FROM pg_replication_slots)
SQL
}

# Prints the slots that are left: their standbys may still be there.
drop() {
  query "$1" -v slots="$2" <<'SQL'
SELECT slot_name, CASE WHEN active THEN pg_terminate_backend(active_pid)::text ELSE pg_drop_replication_slot(slot_name)::text END
FROM pg_replication_slots WHERE slot_name = ANY (string_to_array(:'slots', ','))
SQL
}

is_gone() {
  local left
  left=$(drop "$@")
  [[ -z $left ]] || { echo "$left" && return 1; }
}

main() {
  local binaries=$1 slots=$2 others=$3 lost
  lost=$(lost "$binaries" "$slots")
  await 30 "a replication slot that PostgreSQL has given up is still there" is_gone "$binaries" "$lost"
  create "$binaries" "$slots"
  await 30 "a replication slot of a host that is no standby is still there" is_gone "$binaries" "$others"
}

main "$@" </dev/null
