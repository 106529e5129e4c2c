#!/usr/bin/env bash
# Creates replication role $2 with the password on stdin, or without one. PostgreSQL's programs lie in folder $1. When $3 is true, the role
# may also read what pg_rewind reads: all of it stands in the stream as well. Safe to run again: an existing role gets the password and the
# rights.
set -euo pipefail
source common/role.sh

rights() {
  [[ $1 == true ]] || return 0
  cat <<'SQL'
SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', oid::regprocedure, :'role') FROM pg_proc
WHERE oid::regprocedure::text IN ('pg_ls_dir(text,boolean,boolean)', 'pg_stat_file(text,boolean)', 'pg_read_binary_file(text)',
  'pg_read_binary_file(text,bigint,bigint,boolean)') \gexec
SQL
}

main() {
  set_role "$1" "$2" "LOGIN REPLICATION" "$(rights "$3")"
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
