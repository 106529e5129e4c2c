#!/usr/bin/env bash
# A running PostgreSQL whose programs are replaced.
source common/postgresql.sh
source common/process.sh
source common/shell.sh

# Has the server with the programs in folder $1 write what its shutdown would have to.
prepare_restart() {
  query "$1" -c CHECKPOINT
}

# Has service $3, with its programs in folder $1 and its data in folder $2, run the installed programs: a package may have restarted it.
run_installed() {
  local pid
  if ! pid=$(head -n 1 "$2/postmaster.pid" 2>/dev/null) || is_outdated "$pid"; then systemctl restart "$3"; fi
  await 120 "$3 must answer with its new programs; hint: journalctl -u $3" answers "$1"
}
