#!/usr/bin/env bash
# A running PostgreSQL whose programs are replaced.
source common/postgresql.sh
source common/process.sh
source common/shell.sh

# Updates the packages of the PostgreSQL with its programs in folder $1, its data in folder $2 and service $3 by command $4…, and has it run the
# new programs.
update_postgresql() {
  local said pid
  # What its shutdown would have to write.
  query "$1" -c CHECKPOINT
  said=$("${@:4}" 2>&1) || fail "PostgreSQL's packages were not updated" "$said"
  # A package may have restarted it.
  if ! pid=$(head -n 1 "$2/postmaster.pid" 2>/dev/null) || is_outdated "$pid"; then systemctl restart "$3"; fi
  await 120 "$3 must answer with its new programs; hint: journalctl -u $3" answers "$1"
}
