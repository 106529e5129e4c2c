#!/usr/bin/env bash
# Creates role $2, Barman's for queries, with the password on stdin and only the privileges of a backup (Barman, "PostgreSQL connection"): no
# superuser. PostgreSQL's programs lie in folder $1. Safe to run again: an existing role gets the password and the privileges.
set -euo pipefail
source common/role.sh

rights() {
  cat <<'SQL'
GRANT pg_read_all_settings, pg_read_all_stats TO :"role";
-- PostgreSQL 15 renamed two, with other arguments.
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
