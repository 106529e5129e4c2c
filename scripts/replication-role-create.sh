#!/usr/bin/env bash
# Makes role $2, which may stream, with the password on stdin. PostgreSQL's programs lie in folder $1.
# Safe to run again: a role that is there gets the password.
set -euo pipefail

main() {
  local binaries=$1 role=$2 password
  password=$(cat)
  # As input of psql, not as an argument: the process list shows those. psql quotes the name and the password.
  query "$binaries" <<SQL
\\set role '$role'
\\set password '$password'
SET log_statement = 'none';
SELECT format('CREATE ROLE %I LOGIN REPLICATION', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \\gexec
ALTER ROLE :"role" LOGIN REPLICATION PASSWORD :'password';
SQL
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
