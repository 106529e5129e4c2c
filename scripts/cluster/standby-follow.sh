#!/usr/bin/env bash
# Has the standby's data in folder $3, of service $2, follow primary $4, asked by connection $5 with the programs in folder $1. It is moved aside
# for a restore if it is ahead of a restored primary, belongs to another cluster, or needs WAL that neither the primary nor stanza $6 has.
# Safe to run again: data that can follow is left as it is, and so is a cluster that is not a standby. Without a clear answer the step fails,
# and moves nothing. First the folders of the primary's tablespaces are made.
set -euo pipefail
source common/postgresql.sh
source common/shell.sh
source common/standby.sh
source common/tablespaces.sh

# Where the primary left timeline $1, by its timeline history $2; nothing if it was never on it.
left_at() {
  local timeline position
  while read -r timeline position _; do
    [[ $timeline != "$1" ]] || echo "$position"
  done <<<"$2"
}

# Prints the WAL segment of timeline $1 that the standby needs next when neither the primary nor the repository has it; nothing when it
# streams. pgBackRest's archive-get ends with 1 when the repository does not have it.
missing_wal() {
  local high low size segment found folder status=0
  [[ $(query "$binaries" -c 'SELECT status FROM pg_stat_wal_receiver') != streaming ]] || return 0
  found=$(query "$binaries" -c "SELECT pg_last_wal_replay_lsn(), pg_size_bytes(current_setting('wal_segment_size'))")
  IFS='|/' read -r high low size <<<"$found"
  segment=$(printf '%08X%08X%08X' "$1" "0x$high" "$((0x$low / size))")
  # What the primary has yet to write is nowhere.
  found=$(ask_primary_database "$binaries" "$connection" "SELECT pg_current_wal_lsn() <= '$high/$low' OR (pg_stat_file('pg_wal/$segment', true)).size IS NOT NULL") || return
  [[ $found == f ]] || return 0
  folder=$(mktemp -d)
  chown postgres: "$folder"
  as postgres pgbackrest --stanza="$stanza" --log-level-console=off --log-level-file=off archive-get "$segment" "$folder/$segment" || status=$?
  rm -rf "$folder"
  ((status <= 1)) || return "$status"
  ((status == 0)) || echo "$segment"
}

main() {
  local binaries=$1 service=$2 data=$3 primary=$4 connection=$5 stanza=$6 own its system timeline position other current left history is_ahead=t missing
  make_primary_tablespaces "$binaries" "$connection" "$primary" "$data"
  [[ -e $data/global/pg_control && -e $data/standby.signal ]] || return 0
  run_server "$binaries" "$service"
  own=$(own_state "$binaries" standby)
  its=$(its_state "$binaries" "$connection" "$primary")
  IFS='|' read -r system timeline position <<<"$own"
  IFS='|' read -r other current left <<<"$its"
  if [[ $other != "$system" ]]; then
    make_way "$service" "$data" diverged "the standby's system identifier is $system, $primary's is $other"
    return
  fi
  # The history has a line for each earlier timeline: its number, and where it ended. Timeline 1 has no history.
  if ((current != timeline)); then left=""; fi
  if ((current != timeline && current > 1)); then
    history=$(ask_primary "$binaries" "$connection" "TIMELINE_HISTORY $current") || fail "cannot read $primary's timeline history"
    [[ $history =~ ^[0-9A-F]{8}\.history\|[0-9]+$'\t'$LSN ]] || fail "cannot read $primary's history of timeline $current, got \"$history\""
    left=$(left_at "$timeline" "${history#*|}")
  fi
  [[ -z $left ]] || is_ahead=$(query "$binaries" -c "SELECT pg_lsn '$position' > '$left'")
  [[ $is_ahead == [tf] ]] || fail "cannot compare the standby's position with $primary's"
  if [[ $is_ahead == t ]]; then
    make_way "$service" "$data" diverged "the standby is at $position on timeline $timeline, of which $primary has ${left:+only WAL before }${left:-none}"
    return
  fi
  missing=$(missing_wal "$timeline") || fail "cannot tell whether the standby's next WAL is there"
  [[ -z $missing ]] || make_way "$service" "$data" diverged "neither $primary nor the repository has WAL segment $missing, which the standby needs next"
}

main "$@" </dev/null
