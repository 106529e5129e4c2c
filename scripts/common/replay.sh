#!/usr/bin/env bash
# The replay of WAL after a restore.
source common/postgresql.sh
source common/shell.sh
source common/tablespaces.sh

is_recovered() {
  [[ $(query "$1" -c "SELECT NOT pg_is_in_recovery() OR (pg_stat_file('standby.signal', true)).size IS NOT NULL") == t ]]
}

# Recovery can end PostgreSQL too.
has_recovered() {
  is_recovered "$1" || systemctl is-failed --quiet "$2"
}

# A restored primary replays the archive before it is a primary.
await_recovery() {
  await 7000 "$2 still replays WAL; hint: SELECT pg_last_wal_replay_lsn() shows its progress" has_recovered "$@"
  ! systemctl is-failed --quiet "$2" ||
    fail "$2 has ended while it replayed WAL; hint: ./lab doctor tells why" "$(journalctl -u "$2" -n 20 --no-pager)"
}

# The folder of the tablespace whose creation service $1, with its data in folder $2, replayed last before it ended, by the end of its log.
tablespace_in_log() {
  local log=/var/log/postgresql/${1/@/-}
  log=${log%.service}.log
  [[ -r $log ]] || log=$2/$(awk '$1 == "stderr" { print $2 }' "$2/current_logfiles" 2>/dev/null || true)
  { if [[ -f $log ]]; then tail -n 50 "$log"; else journalctl -u "$1" -n 50 -o cat --no-pager; fi; } | sed -n 's#.*Tablespace/CREATE: [0-9]* "\(.*\)".*#\1#p' | tail -n 1
}

# Has a restored primary, as service $1 with its data in folder $2 and the programs in folder $3, replay the archive. The creation of a tablespace
# that is newer than the backup ends it without the folder, of which its log alone tells.
replay_archive() {
  local service=$1 data=$2 folder
  while [[ -e $data/recovery.signal ]]; do
    await 7000 "$service still replays WAL" has_recovered "$3" "$service"
    folder=""
    ! systemctl is-failed --quiet "$service" || folder=$(tablespace_in_log "$service" "$data")
    [[ -n $folder && ! -d $folder ]] || break
    make_tablespaces "$folder"
    systemctl start "$service" || true
  done
}
