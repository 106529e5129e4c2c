#!/usr/bin/env bash
# A standby's data, beside its primary's.
source common/data-aside.sh
source common/postgresql.sh
source common/shell.sh

LSN='[0-9A-F]+/[0-9A-F]+'

# Ends service $1, and moves its data folder $2 aside, to a name with word $3, and says why: $4.
make_way() {
  systemctl stop "$1"
  move_data_aside "${@:2}"
}

# Runs service $2, with the programs in folder $1.
run_server() {
  systemctl is-active --quiet "$2" || systemctl start "$2" || fail "cannot start $2" "$(journalctl -u "$2" -n 20 --no-pager)"
  await 120 "$2 does not answer; hint: journalctl -u $2" answers "$1"
}

# SYSTEM|TIMELINE|POSITION of the server with the programs in folder $1, which is a $2: primary or standby. A standby's control file has the
# replayed position only after a second checkpoint, with nothing else to write; the received position may be further.
own_state() {
  local own state='timeline_id, pg_current_wal_lsn() FROM pg_control_system(), pg_control_checkpoint()'
  [[ $2 == primary ]] || state='greatest(min_recovery_end_timeline, (SELECT received_tli FROM pg_stat_wal_receiver)),
    greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) FROM pg_control_system(), pg_control_recovery()'
  own=$(query "$1" -c CHECKPOINT -c CHECKPOINT -c "SELECT system_identifier, $state")
  [[ $own =~ ^[0-9]+\|[1-9][0-9]*\|$LSN$ ]] || fail "cannot read this host's system identifier, timeline and position, got \"$own\""
  echo "$own"
}

# The same of primary $3, asked by connection $2.
its_state() {
  local its
  its=$(ask_primary "$1" "$2" IDENTIFY_SYSTEM) || fail "cannot read $3's system identifier (IDENTIFY_SYSTEM)"
  [[ $its =~ ^[0-9]+\|[1-9][0-9]*\|$LSN\|$ ]] || fail "cannot read $3's system identifier, timeline and position, got \"$its\""
  echo "${its%|}"
}
