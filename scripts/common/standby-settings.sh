#!/usr/bin/env bash
# Settings of which a standby needs at least what its primary had when it wrote the WAL that is replayed (PostgreSQL, "Hot Standby").
source common/postgresql-service.sh
source common/postgresql.sh
source common/shell.sh

# Replay that is paused, as with too little of a setting, goes on after a restart alone.
is_past() {
  [[ $(query "$1" -c CHECKPOINT -c "SELECT redo_lsn >= '$2' OR pg_is_wal_replay_paused() FROM pg_control_checkpoint()") == t ]]
}

# Has the standby with the programs in folder $1 begin its next recovery at the primary's last checkpoint, if the primary answers: WAL from
# before would have the primary's former settings.
pass_checkpoint() {
  local connection redo
  connection=$(query "$1" -c 'SHOW primary_conninfo')
  redo=$(ask_primary_database "$1" "$connection" 'SELECT redo_lsn FROM pg_control_checkpoint()' 2>/dev/null) || return 0
  await 60 "the standby has not replayed the primary's last checkpoint" is_past "$1" "$redo"
}

# What service $1 said since $2 that its WAL needs: "NAME VALUE", or nothing.
needed() {
  journalctl -u "$1" --since "@$2" -o cat --no-pager |
    sed -n 's/.* \([a-z_]*\) = [0-9]* is a lower setting than on the primary server, where its value was \([0-9]*\)\..*/\1 \2/p' | tail -n 1
}

# A standby that was away while its primary's settings were lowered needs the former ones until it has caught up: PostgreSQL tells which.
catch_up() {
  local binaries=$1 service=$2 settings=$3 data=$4 new=$3.lab-new wanted="" name value since
  since=$(date +%s)
  until await 120 "$service neither answers nor fails" settled "$binaries" "$service" "$data" && answers "$binaries" 2>/dev/null; do
    read -r name value <<<"$(needed "$service" "$since")"
    [[ -n $name && $(grep -c "^$name = $value$" "$settings") == 0 ]] || break
    if [[ -z $wanted ]]; then
      wanted=$settings.lab-wanted
      ln -f "$settings" "$wanted"
    fi
    cp -p "$settings" "$new"
    echo "$name = $value" >>"$new"
    sync "$new"
    mv "$new" "$settings"
    since=$(date +%s)
    systemctl restart "$service" || true
  done
  if [[ -n $wanted ]]; then
    answers "$binaries" && pass_checkpoint "$binaries"
    mv "$wanted" "$settings"
    systemctl restart "$service" || true
  fi
}
