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

# Restores the latest backup of server $1 into folder $2, its tablespaces beside it: their own places are the primary's.
restore() {
  local server=$1 scratch=$2 names name
  local -a places=()
  names=$(as_barman barman -f json show-backup "$server" latest | jq -r --arg server "$server" '.[$server].tablespaces[]?.name')
  while read -r name; do
    [[ -z $name ]] || places+=(--tablespace "$name:$scratch/tablespace-${#places[@]}")
  done <<<"$names"
  as_barman barman recover "${places[@]}" "$server" latest "$scratch/data" >&2
}

main() {
  local server=$1 connection=$2 expected found
  # Not local: for the trap.
  bin=$3
  expected=$(as_barman psql -XAtqw "$connection" -c "$IDENTIFIER")
  scratch=$(as_barman mktemp -d "$BARMAN_HOME/restore.XXXXXXXX")
  trap 'as_barman "$bin/pg_ctl" --silent --mode=immediate --pgdata="$scratch/data" stop >/dev/null 2>&1 || true; rm -rf "$scratch"' EXIT
  restore "$server" "$scratch"
  printf "%s\n" "listen_addresses = ''" "unix_socket_directories = '$scratch'" "archive_mode = off" >"$scratch/settings"
  start "$scratch" "$bin" <"$scratch/settings" ||
    fail "the latest Barman backup of server $server does not start when restored" "$(tail -n 20 "$scratch/log")"
  found=$(as_barman psql -XAtq -h "$scratch" -U postgres -d postgres -c "$IDENTIFIER")
  [[ $found == "$expected" ]] ||
    fail "the latest Barman backup of server $server has system identifier $found, but the cluster has $expected"
  as_barman barman -f json list-backup "$server" | jq -r --arg server "$server" '.[$server][0].backup_id'
}

main "$@" </dev/null
