#!/usr/bin/env bash
# Makes role $2, which Barman asks with, with the password on stdin and exactly the rights that a backup takes (Barman, "PostgreSQL
# connection"): no superuser. PostgreSQL's programs lie in folder $1. Safe to run again: a role that is there gets the password and the rights.
set -euo pipefail
source common/role.sh

rights() {
  cat <<'SQL'
GRANT pg_read_all_settings, pg_read_all_stats TO :"role";
-- Their names and arguments differ before and from PostgreSQL 15.
SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', oid::regprocedure, :'role') FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('pg_start_backup', 'pg_stop_backup', 'pg_backup_start',
  'pg_backup_stop', 'pg_switch_wal', 'pg_create_restore_point') \gexec
SQL
}

main() {
  set_role "$1" "$2" LOGIN "$(rights)"
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
