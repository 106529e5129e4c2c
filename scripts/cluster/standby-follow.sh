#!/usr/bin/env bash
# Sees to it that the standby's data in folder $3, of service $2, can follow primary $4, which is asked as role $5 by the psql in $1.
# Data that cannot (it is ahead of what the primary came back with, or of another cluster) is moved aside, for a restore.
# Safe to run again: data that can follow is left as it is, and so is a cluster that is no standby, and what nobody has a clear answer of.
set -euo pipefail
source common/move-aside.sh
source common/postgresql.sh
source common/shell.sh

# PostgreSQL, "Streaming Replication Protocol". libpq looks for the password in $HOME.
ask() {
  HOME=~postgres as postgres "$1/psql" -XAtq -d "host=$2 user=$3 dbname=replication replication=true" -c "$4"
}

# What this standby has, as SYSTEM|TIMELINE|POSITION. A checkpoint on a standby writes down how far it has replayed when there is nothing
# else for it to do, which the second has not; what it has received may be more.
own_state() {
  query "$1" -c CHECKPOINT -c CHECKPOINT -c "
    SELECT system_identifier, greatest(min_recovery_end_timeline, (SELECT received_tli FROM pg_stat_wal_receiver)),
      greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
    FROM pg_control_system(), pg_control_recovery()"
}

# Where the primary left timeline $1, by the history of its own in $2: nothing when it was never on it.
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
    fail "$service cannot be started" "$(journalctl -u "$service" -n 20 --no-pager)"
  await 120 "$service does not answer; hint: journalctl -u $service" answers "$binaries"
  own=$(own_state "$binaries")
  [[ $own =~ ^[0-9]+\|[1-9][0-9]*\|$lsn$ ]] || fail "the standby must tell its system, timeline and position: \"$own\""
  IFS='|' read -r system timeline position <<<"$own"
  its=$(ask "$binaries" "$primary" "$role" IDENTIFY_SYSTEM) || fail "$primary cannot be asked which cluster it is"
  [[ $its =~ ^[0-9]+\|[1-9][0-9]*\|$lsn\|$ ]] || fail "$primary must tell its system, timeline and position: \"$its\""
  IFS='|' read -r other current left _ <<<"$its"
  if [[ $other != "$system" ]]; then
    systemctl stop "$service"
    move_aside "$data" diverged "the standby's cluster is $system, $primary's is $other"
    return
  fi
  # What the primary has of another timeline than its own: a line for each earlier one, its number and where it ended. The first has none.
  if ((current != timeline)); then left=""; fi
  if ((current != timeline && current > 1)); then
    history=$(ask "$binaries" "$primary" "$role" "TIMELINE_HISTORY $current") || fail "$primary cannot be asked for its timelines"
    [[ $history =~ ^[0-9A-F]{8}\.history\|[0-9]+$'\t'$lsn ]] || fail "$primary must tell the history of timeline $current: \"$history\""
    left=$(left_at "$timeline" "${history#*|}")
  fi
  if [[ -n $left ]]; then
    case $(query "$binaries" -c "SELECT pg_lsn '$position' > '$left'") in
      f) return 0 ;;
      t) ;;
      *) fail "whether the standby is ahead of $primary cannot be told" ;;
    esac
  fi
  systemctl stop "$service"
  move_aside "$data" diverged "the standby is at $position of timeline $timeline, of which $primary has ${left:+only what is before }${left:-nothing}"
}

main "$@" </dev/null
