#!/usr/bin/env bash
# Verifies that the primary refuses this host, as connection $2, with the psql in folder $1. The host is reached and its certificate is valid:
# the answer is PostgreSQL's own. Safe to run again: it only reads.
set -euo pipefail
source common/postgresql.sh
source common/shell.sh

is_refused() {
  local said
  said=$(ask_primary "$1" "$2" IDENTIFY_SYSTEM 2>&1) || [[ $said != *FATAL:* ]] || return 0
  echo "$said"
  return 1
}

main() {
  await 10 "this host is revoked, but the primary does not refuse it; it answers" is_refused "$@"
}

main "$@" </dev/null
