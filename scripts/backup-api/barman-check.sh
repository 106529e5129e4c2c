#!/usr/bin/env bash
# Has Barman receive the WAL of server $1, with connection $2 to the primary, slot $4 there and maintenance by unit $3, until `barman check`
# passes. A slot that PostgreSQL has given up is made anew. Where the primary does not have the WAL that Barman asks for next, what Barman was
# writing is moved aside, and Barman begins anew. Safe to run again: a running receiver is left alone; PostgreSQL switches to a new WAL segment.
set -euo pipefail
source common/barman.sh
source common/move-aside.sh
source common/shell.sh
source common/slots.sh

LOG=/var/log/barman/barman.log

# What PostgreSQL answers a receiver then: a slot was lost, or the primary was restored to an earlier moment.
GONE='WAL segment [0-9A-F]+ has already been removed|is ahead of the WAL flush position|is not in this server.s history|can no longer access replication slot'

# Whether that is in Barman's log from byte $1 on.
is_gone() {
  tail -c +"$1" "$LOG" 2>/dev/null | grep -qE "$GONE"
}

ask() {
  as_barman psql -XAtq -w "$1" -c "$2"
}

is_given_up() {
  ask "$1" "SELECT $(given_up) FROM pg_replication_slots s WHERE slot_name = '$2'" 2>/dev/null | grep -qx t
}

# `check` fails until the first WAL segment has arrived. PostgreSQL does not switch an empty segment: the restore point fills it.
receives() {
  as_barman barman check "$1" && return
  {
    as_barman barman archive-wal "$1"
    as_barman barman cron
    ask "$2" "SELECT pg_create_restore_point('barman check'), pg_switch_wal()"
  } >/dev/null 2>&1
  return 1
}

receives_or_cannot() {
  receives "$1" "$2" || is_gone "$3"
}

# Neither a receiver nor, on a restored primary, a slot need be there.
drop_slot() {
  as_barman barman receive-wal --stop "$1" >&2 || true
  as_barman barman receive-wal --drop-slot "$1" >&2 || true
}

# Barman's own --reset deletes the segment that it was writing.
begin_anew() {
  drop_slot "$1"
  move_aside "$BARMAN_HOME/$1/streaming" diverged "the primary does not have the WAL that Barman asks for next"
}

main() {
  local server=$1 connection=$2 cron=$3 slot=$4 begin
  systemctl enable --quiet --now "$cron"
  ! is_given_up "$connection" "$slot" || drop_slot "$server"
  begin=$(($(stat -c %s "$LOG" 2>/dev/null || echo 0) + 1))
  await 180 "barman check $server fails" receives_or_cannot "$server" "$connection" "$begin"
  if is_gone "$begin"; then
    begin_anew "$server"
    await 180 "barman check $server fails" receives "$server" "$connection"
  fi
}

main "$@" </dev/null
