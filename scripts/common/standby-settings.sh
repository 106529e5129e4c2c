#!/usr/bin/env bash
# Settings of which a standby needs at least what its primary had when it wrote the WAL that is replayed (PostgreSQL, "Hot Standby").
source common/postgresql-service.sh
source common/postgresql.sh
source common/shell.sh

# Where the primary's last checkpoint begins, if it answers.
primary_redo() {
  local connection
  connection=$(query "$1" -c 'SHOW primary_conninfo')
  ask_primary_database "$1" "$connection" 'SELECT redo_lsn FROM pg_control_checkpoint()' 2>/dev/null
}

# Replay that is paused, as with too little of a setting, goes on after a restart alone.
is_past() {
  [[ $(query "$1" -c CHECKPOINT -c "SELECT redo_lsn >= '$2' OR pg_is_wal_replay_paused() FROM pg_control_checkpoint()") == t ]]
}

# Has the standby with the programs in folder $1 begin its next recovery at the primary's last checkpoint, if the primary answers: WAL from
# before would have the primary's former settings.
pass_checkpoint() {
  local redo
  redo=$(primary_redo "$1") || return 0
  await 60 "the standby has not replayed the primary's last checkpoint" is_past "$1" "$redo"
}

has_replayed() {
  [[ $(query "$1" -c "SELECT pg_last_wal_replay_lsn() >= '$2' OR pg_is_wal_replay_paused()") == t ]]
}

# Whether the standby replays what its primary wrote until its last checkpoint, with the primary's former settings. It may take long to do so.
replays() {
  local redo
  redo=$(primary_redo "$1") || return 0
  await 60 "the standby has far to go" has_replayed "$1" "$redo" 2>/dev/null || return 0
  [[ $(query "$1" -c 'SELECT pg_is_wal_replay_paused()') == f ]]
}

# The settings, as lines of a configuration, of which the WAL that data folder $3 has come to needs more than configuration $2 has.
needed() {
  local binaries=$1 conf=$2 data=$3 name value has
  LC_ALL=C "$binaries/pg_controldata" -D "$data" |
    sed -nE 's/_xact(s?) setting:/_transaction\1 setting:/; s/^(max_[a-z_]+) setting: +([0-9]+)$/\1 \2/p' |
    while read -r name value; do
      has=$(as postgres "$binaries/postgres" -C "$name" "--config-file=$conf" -D "$data" 2>/dev/null) || has=0
      ((has >= value)) || echo "$name = $value"
    done
}

# A standby that was away while its primary's settings were lowered needs the former ones until it has caught up: its data tells which.
catch_up() {
  local binaries=$1 service=$2 conf=$3 settings=$4 data=$5 new=$4.lab-new wanted="" missing
  until await 120 "$service neither answers nor fails" settled "$binaries" "$service" "$data" &&
    answers "$binaries" 2>/dev/null && replays "$binaries"; do
    missing=$(needed "$binaries" "$conf" "$data")
    # Something else may override what is added.
    if [[ -z $missing ]] || ! grep -qvxFf "$settings" <<<"$missing"; then break; fi
    if [[ -z $wanted ]]; then
      wanted=$settings.lab-wanted
      ln -f "$settings" "$wanted"
    fi
    cp -p "$settings" "$new"
    echo "$missing" >>"$new"
    sync "$new"
    mv "$new" "$settings"
    systemctl restart "$service" || true
  done
  if [[ -n $wanted ]]; then
    answers "$binaries" && pass_checkpoint "$binaries"
    mv "$wanted" "$settings"
    systemctl restart "$service" || true
  fi
}
