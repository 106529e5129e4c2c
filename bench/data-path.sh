#!/usr/bin/env bash
# What the bench measures of the data path, on a host of the lab, as root. Each function prints "NAME VALUE" lines: seconds, or bytes.
set -euo pipefail
cd /

# Prints the seconds that a command takes, with this name.
timed() {
  local name=$1 from=$EPOCHREALTIME
  shift
  "$@"
  jq -rn --arg name "$name" "\"\\(\$name) \\($EPOCHREALTIME - $from)\""
}

pgbackrest_of() {
  runuser -u "$1" -- pgbackrest --stanza="$2" --log-level-console=warn --log-level-file=off "${@:3}" >&2
}

query() {
  runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=bench --command="$1"
}

# Waits until all WAL is archived: a backup would wait for it.
settle() {
  query CHECKPOINT
  while [[ $(query "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'") != 0 ]]; do sleep 0.2; done
}

# New data of this many MiB: a unit of pgbench's scale is 15 MiB.
load() {
  runuser -u postgres -- dropdb --if-exists bench 2>/dev/null
  runuser -u postgres -- createdb bench
  runuser -u postgres -- /usr/lib/postgresql/*/bin/pgbench --initialize --quiet --scale="$(($1 / 15 + 1))" bench 2>&1 | tail -n 1 >&2
  settle
}

# Changes 5 % of the rows, which lie together, as those of a day do.
change() {
  query "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid <= (SELECT max(aid) FROM pgbench_accounts) / 20"
  settle
}

# What pgBackRest tells account $1 of stanza $2, as JSON.
info_of() {
  runuser -u "$1" -- pgbackrest --stanza="$2" --output=json --log-level-console=off --log-level-file=off info
}

# A backup of stanza $1 of type $2: its time, and its size in the repository.
backup() {
  timed "$2" pgbackrest_of pgbackrest "$1" --type="$2" backup
  info_of pgbackrest "$1" | jq -r --arg type "$2" '"\($type)-size \(.[0].backup[-1].info.repository.delta)"'
}

# Restores the newest full backup of stanza $1 to an empty folder beside the cluster's, then the newest backup over it.
restore() {
  local place=/var/lib/postgresql/bench full
  full=$(info_of postgres "$1" | jq -r '[.[0].backup[] | select(.type == "full")][-1].label')
  rm -rf "$place"
  install -d -o postgres -g postgres -m 0700 "$place"
  timed restore pgbackrest_of postgres "$1" --pg1-path="$place" --set="$full" --archive-mode=off restore
  timed restore-delta pgbackrest_of postgres "$1" --pg1-path="$place" --delta --archive-mode=off restore
  rm -rf "$place"
}

# The seconds that the oldest segment of those in folder $1 has waited to be archived; 0 when none waits.
waiting() {
  find "$1" -name '*.ready' -printf '%T@\n' 2>/dev/null |
    awk -v now="$EPOCHREALTIME" 'now - $1 > oldest { oldest = now - $1 } END { print oldest + 0 }'
}

# WAL of a quarter of the rows.
write_wal() {
  query "UPDATE pgbench_accounts SET abalance = abalance - 1 WHERE aid % 4 = 0"
  query "SELECT pg_switch_wal()" >/dev/null
}

# Archives WAL of the cluster in folder $1 while it is written, then WAL that has piled up.
archive() {
  local status=$1/pg_wal/archive_status longest=0 writing count from
  query CHECKPOINT
  write_wal &
  writing=$!
  while kill -0 "$writing" 2>/dev/null || [[ $(waiting "$status") != 0 ]]; do
    longest=$(jq -n "[$longest, $(waiting "$status")] | max")
    sleep 0.1
  done
  wait "$writing"
  echo "archive-wait $longest"

  query CHECKPOINT
  archiver=$(query "SELECT pid FROM pg_stat_activity WHERE backend_type = 'archiver'")
  trap 'kill -CONT $archiver' EXIT
  kill -STOP "$archiver"
  write_wal
  count=$(find "$status" -name '*.ready' | wc -l)
  from=$EPOCHREALTIME
  kill -CONT "$archiver"
  while [[ $(waiting "$status") != 0 ]]; do sleep 0.05; done
  jq -rn "\"archive-rate \\($count / ($EPOCHREALTIME - $from))\""
}
