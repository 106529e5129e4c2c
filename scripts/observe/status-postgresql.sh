#!/usr/bin/env bash
# Prints the facts of this host's PostgreSQL, whose programs lie in folder $1, as JSON: version, role, replication and archiving.
# Safe to run again: it only reads.
set -euo pipefail
source common/postgresql.sh

main() {
  query "$1" -c "
    select json_build_object(
      'version', split_part(current_setting('server_version'), ' ', 1),
      'inRecovery', pg_is_in_recovery(),
      'receiver', (select status from pg_stat_wal_receiver),
      'replication', (
        select coalesce(json_agg(json_build_object('name', application_name, 'address', host(client_addr), 'state', state)), '[]')
        from pg_stat_replication
      ),
      'inactiveSlots', (select coalesce(json_agg(slot_name), '[]') from pg_replication_slots where not active),
      'archiver', (
        select json_build_object(
          'archived', extract(epoch from last_archived_time), 'failed', extract(epoch from last_failed_time))
        from pg_stat_archiver
      )
    )"
}

main "$@" </dev/null
