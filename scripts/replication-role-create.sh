#!/usr/bin/env bash
# Makes role $1, which standbys stream with, with the password on stdin.
# Safe to run again: a role that is there gets the password.
set -euo pipefail

main() {
  local role=$1 password
  password=$(cat)
  # As input of psql, not as an argument: the process list shows those. psql quotes the name and the password.
  sudo -u postgres psql -XAtq -v ON_ERROR_STOP=1 -d postgres <<SQL
\\set role '$role'
\\set password '$password'
SET log_statement = 'none';
SELECT format('CREATE ROLE %I LOGIN REPLICATION', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \\gexec
ALTER ROLE :"role" LOGIN REPLICATION PASSWORD :'password';
SQL
}

main "$@"
