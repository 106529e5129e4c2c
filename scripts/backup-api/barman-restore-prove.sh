#!/usr/bin/env bash
# Verifies the latest Barman backup of server $1: restored into a scratch folder, it starts with PostgreSQL's programs in folder $3, and has
# the system identifier of the cluster at connection $2. Prints the backup. Safe to run again: the scratch folder is removed.
set -euo pipefail
source common/barman.sh
source common/shell.sh

IDENTIFIER='SELECT system_identifier FROM pg_control_system()'

# With a configuration of its own: a backup has none on Debian, and the primary's on EL. It listens only on a socket in the scratch folder.
start() {
  local scratch=$1 bin=$2
  as_barman tee "$scratch/postgresql.conf" >/dev/null
  echo 'local all all trust' | as_barman tee "$scratch/pg_hba.conf" >/dev/null
  as_barman "$bin/pg_ctl" --silent --wait --timeout=120 --pgdata="$scratch/data" --log="$scratch/log" \
    --options="-c config_file=$scratch/postgresql.conf -c hba_file=$scratch/pg_hba.conf -c ident_file=$scratch/pg_hba.conf" start
}

main() {
  local server=$1 connection=$2 expected found
  # Not local: for the trap.
  bin=$3
  expected=$(as_barman psql -XAtqw "$connection" -c "$IDENTIFIER")
  scratch=$(as_barman mktemp -d /var/lib/barman/restore.XXXXXXXX)
  trap 'as_barman "$bin/pg_ctl" --silent --mode=immediate --pgdata="$scratch/data" stop >/dev/null 2>&1 || true; rm -rf "$scratch"' EXIT
  as_barman barman recover "$server" latest "$scratch/data" >&2
  printf "%s\n" "listen_addresses = ''" "unix_socket_directories = '$scratch'" "archive_mode = off" >"$scratch/settings"
  start "$scratch" "$bin" <"$scratch/settings" ||
    fail "the latest Barman backup of server $server does not start when restored" "$(tail -n 20 "$scratch/log")"
  found=$(as_barman psql -XAtq -h "$scratch" -U postgres -d postgres -c "$IDENTIFIER")
  [[ $found == "$expected" ]] ||
    fail "the latest Barman backup of server $server has system identifier $found, but the cluster has $expected"
  as_barman barman -f json list-backup "$server" | jq -r --arg server "$server" '.[$server][0].backup_id'
}

main "$@" </dev/null
