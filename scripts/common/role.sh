#!/usr/bin/env bash
# PostgreSQL's roles.
source common/postgresql.sh

# Creates or alters a role with the psql in a folder: these attributes, and the password on stdin, or none. Then runs further SQL, in which
# the role is :'role'.
set_role() {
  local binaries=$1 role=$2 attributes=$3 sql=${4-} password clause="PASSWORD :'password'"
  password=$(cat)
  [[ -n $password ]] || clause="PASSWORD NULL"
  # The password is input of psql, not an argument, which the process list shows. psql takes backslashes as escapes, and quotes the name and
  # the password for SQL. These statements stay out of PostgreSQL's log, whatever lab:postgresql has it log.
  password=${password//\\/\\\\}
  password=${password//\'/\\\'}
  query "$binaries" <<SQL
\\set role '$role'
\\set password '$password'
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_transaction_sample_rate = 0;
SELECT format('SET %I = -1', name) FROM pg_settings WHERE name LIKE 'log\_min\_duration\_%' \\gexec
-- Two steps that grant at once would meet in the catalog: "tuple concurrently updated".
DO 'BEGIN PERFORM pg_advisory_lock(hashtext(''lab roles'')); END';
SELECT format('CREATE ROLE %I $attributes', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \\gexec
ALTER ROLE :"role" $attributes $clause;
$sql
SQL
}
