#!/usr/bin/env bash
# PostgreSQL's roles.
source common/postgresql.sh

# By the psql in a folder, makes a role, or gives one that is there these attributes, with the password on stdin; then runs the SQL that
# is given, in which the role is :'role'.
set_role() {
  local binaries=$1 role=$2 attributes=$3 sql=${4-} password
  password=$(cat)
  # As input of psql, not as an argument: the process list shows those. A backslash is one for psql, too; it quotes the name and the
  # password for SQL. Whatever PostgreSQL logs by lab:postgresql, it does not log these statements.
  password=${password//\\/\\\\}
  password=${password//\'/\\\'}
  query "$binaries" <<SQL
\\set role '$role'
\\set password '$password'
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_transaction_sample_rate = 0;
SELECT format('SET %I = -1', name) FROM pg_settings WHERE name LIKE 'log\_min\_duration\_%' \\gexec
SELECT format('CREATE ROLE %I $attributes', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \\gexec
ALTER ROLE :"role" $attributes PASSWORD :'password';
$sql
SQL
}
