#!/usr/bin/env bash
# Makes role $2, which may stream, with the password on stdin. PostgreSQL's programs lie in folder $1.
# Safe to run again: a role that is there gets the password.
set -euo pipefail
source common/role.sh

main() {
  set_role "$1" "$2" "LOGIN REPLICATION"
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
