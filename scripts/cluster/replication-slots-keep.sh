#!/usr/bin/env bash
# Has the primary keep the replication slots $2 (a,b…), made anew where PostgreSQL has given one up, and none of the slots $3, nor another
# that begins with lab_: their standbys are cut off. PostgreSQL's programs lie in folder $1. Safe to run again: a slot that PostgreSQL keeps
# WAL for is left as it is.
set -euo pipefail
source common/postgresql.sh
source common/shell.sh
source common/slots.sh

# Prints those of slots $2 that kept more WAL than max_slot_wal_keep_size.
lost() {
  query "$1" -v slots="$2" -v given_up="$(given_up)" <<'SQL'
SELECT string_agg(slot_name, ',') FROM pg_replication_slots s WHERE slot_name = ANY (string_to_array(:'slots', ',')) AND :given_up
SQL
}

create() {
  query "$1" -v slots="$2" <<'SQL'
SELECT pg_create_physical_replication_slot(name) FROM unnest(string_to_array(:'slots', ',')) name
WHERE name NOT IN (SELECT slot_name FROM pg_replication_slots)
SQL
}

# Prints the lab's slots that are not among slots $2: of standbys that have left lab:hosts.
former() {
  query "$1" -v slots="$2" <<'SQL'
SELECT string_agg(slot_name, ',') FROM pg_replication_slots
WHERE slot_type = 'physical' AND slot_name LIKE 'lab\_%' AND slot_name <> ALL (string_to_array(:'slots', ','))
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
  local binaries=$1 slots=$2 others=$3 lost former
  lost=$(lost "$binaries" "$slots")
  await 30 "a replication slot that PostgreSQL has given up is still there" is_gone "$binaries" "$lost"
  create "$binaries" "$slots"
  former=$(former "$binaries" "$slots")
  await 30 "a replication slot of a host that is no standby is still there" is_gone "$binaries" "$others,$former"
}

main "$@" </dev/null
