#!/usr/bin/env bash
# Moves the standby's data in folder $3, of service $2, aside for a restore if it cannot follow primary $4, asked as role $5 with the psql in
# folder $1: it is ahead of a restored primary, or belongs to another cluster. Safe to run again: data that can follow is left as it is, and
# so is a cluster that is not a standby. Without a clear answer the step fails, and moves nothing.
set -euo pipefail
source common/move-aside.sh
source common/postgresql.sh
source common/shell.sh

# This standby's SYSTEM|TIMELINE|POSITION. The control file has the replayed position only after a second checkpoint, with nothing else to
# write; the received position may be further.
own_state() {
  query "$1" -c CHECKPOINT -c CHECKPOINT -c "
    SELECT system_identifier, greatest(min_recovery_end_timeline, (SELECT received_tli FROM pg_stat_wal_receiver)),
      greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
    FROM pg_control_system(), pg_control_recovery()"
}

# Where the primary left timeline $1, by its timeline history $2; nothing if it was never on it.
left_at() {
  local timeline position
  while read -r timeline position _; do
    [[ $timeline != "$1" ]] || echo "$position"
  done <<<"$2"
}

main() {
  local binaries=$1 service=$2 data=$3 primary=$4 role=$5 lsn='[0-9A-F]+/[0-9A-F]+' own its system timeline position
  local other current left history
  [[ -e $data/global/pg_control && -e $data/standby.signal ]] || return 0
  systemctl is-active --quiet "$service" || systemctl start "$service" ||
    fail "cannot start $service" "$(journalctl -u "$service" -n 20 --no-pager)"
  await 120 "$service does not answer; hint: journalctl -u $service" answers "$binaries"
  own=$(own_state "$binaries")
  [[ $own =~ ^[0-9]+\|[1-9][0-9]*\|$lsn$ ]] || fail "cannot read the standby's system identifier, timeline and position, got \"$own\""
  IFS='|' read -r system timeline position <<<"$own"
  its=$(ask_primary "$binaries" "$primary" "$role" IDENTIFY_SYSTEM) || fail "cannot read $primary's system identifier (IDENTIFY_SYSTEM)"
  [[ $its =~ ^[0-9]+\|[1-9][0-9]*\|$lsn\|$ ]] || fail "cannot read $primary's system identifier, timeline and position, got \"$its\""
  IFS='|' read -r other current left _ <<<"$its"
  if [[ $other != "$system" ]]; then
    systemctl stop "$service"
    move_aside "$data" diverged "the standby's system identifier is $system, $primary's is $other"
    return
  fi
  # The history has a line for each earlier timeline: its number, and where it ended. Timeline 1 has no history.
  if ((current != timeline)); then left=""; fi
  if ((current != timeline && current > 1)); then
    history=$(ask_primary "$binaries" "$primary" "$role" "TIMELINE_HISTORY $current") || fail "cannot read $primary's timeline history"
    [[ $history =~ ^[0-9A-F]{8}\.history\|[0-9]+$'\t'$lsn ]] || fail "cannot read $primary's history of timeline $current, got \"$history\""
    left=$(left_at "$timeline" "${history#*|}")
  fi
  if [[ -n $left ]]; then
    case $(query "$binaries" -c "SELECT pg_lsn '$position' > '$left'") in
      f) return 0 ;;
      t) ;;
      *) fail "cannot compare the standby's position with $primary's" ;;
    esac
  fi
  systemctl stop "$service"
  move_aside "$data" diverged "the standby is at $position on timeline $timeline, of which $primary has ${left:+only WAL before }${left:-none}"
}

main "$@" </dev/null
