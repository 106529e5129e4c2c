#!/usr/bin/env bash
# Creates replication role $2 with the password on stdin. PostgreSQL's programs lie in folder $1.
# Safe to run again: an existing role gets the password.
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
