#!/usr/bin/env bash
# Has this host's data in folder $3, of service $2, follow primary $4, asked by connection $5 with the programs in folder $1. A standby that is
# ahead of a restored primary, belongs to another cluster, or needs WAL that neither the primary nor stanza $6 has, is moved aside for a
# restore. A standby that was promoted is rewound, if it has committed nothing since; otherwise it is somebody's data, and refused unless
# `./lab up --yes-replace` allowed it. postgresql.conf is $7. Safe to run again: data that can follow is left as it is. Without a clear answer the step fails, and
# moves nothing.
set -euo pipefail
source common/move-aside.sh
source common/postgresql.sh
source common/shell.sh
source common/wal.sh

# `./lab up --yes-replace` leaves it, for its own run.
ALLOWED=/run/lab-yes-replace
LSN='[0-9A-F]+/[0-9A-F]+'

is_allowed() {
  [[ -n $(find "$ALLOWED" -mmin -10 -delete -print 2>/dev/null) ]]
}

make_way() {
  systemctl stop "$service"
  move_aside "$data" "$1" "$2"
}

# This server's SYSTEM|TIMELINE|POSITION. A standby's control file has the replayed position only after a second checkpoint, with nothing else
# to write; the received position may be further.
own_state() {
  local state='timeline_id, pg_current_wal_lsn() FROM pg_control_system(), pg_control_checkpoint()'
  [[ $recovering == f ]] || state='greatest(min_recovery_end_timeline, (SELECT received_tli FROM pg_stat_wal_receiver)),
    greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) FROM pg_control_system(), pg_control_recovery()'
  query "$binaries" -c CHECKPOINT -c CHECKPOINT -c "SELECT system_identifier, $state"
}

# Asks the primary for more than its stream.
ask_database() {
  HOME=~postgres as postgres "$binaries/psql" -XAtq -d "$connection dbname=postgres connect_timeout=5" -c "$1"
}

# Where the primary left timeline $1, by its timeline history $2; nothing if it was never on it.
left_at() {
  local timeline position
  while read -r timeline position _; do
    [[ $timeline != "$1" ]] || echo "$position"
  done <<<"$2"
}

# Whether the WAL segment that the standby needs next is with the primary or in the repository. pgBackRest's archive-get ends with 1 when the
# repository does not have it.
has_next_wal() {
  local replayed high low size segment found status=0
  replayed=$(query "$binaries" -c "SELECT pg_last_wal_replay_lsn(), pg_size_bytes(current_setting('wal_segment_size'))")
  IFS='|/' read -r high low size <<<"$replayed"
  segment=$(printf '%08X%08X%08X' "$timeline" "0x$high" "$((0x$low / size))")
  found=$(ask_database "SELECT (pg_stat_file('pg_wal/$segment', true)).size IS NOT NULL")
  [[ $found == f ]] || return 0
  found=$(mktemp -d)
  chown postgres: "$found"
  as postgres pgbackrest --stanza="$stanza" --log-level-console=off --log-level-file=off archive-get "$segment" "$found/$segment" || status=$?
  rm -rf "$found"
  ((status <= 1)) || fail "cannot ask the repository for WAL segment $segment (status $status)"
  ((status == 0)) || echo "$segment"
  return "$status"
}

# A standby that recovers, while its primary is on timeline $1 at $2.
follow() {
  local current=$1 left=$2 history is_ahead=t missing
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
    make_way diverged "the standby is at $position on timeline $timeline, of which $primary has ${left:+only WAL before }${left:-none}"
    return
  fi
  [[ $(query "$binaries" -c 'SELECT status FROM pg_stat_wal_receiver') != streaming ]] || return 0
  missing=$(has_next_wal) || make_way diverged "neither $primary nor the repository has WAL segment ${missing:?}, which the standby needs next"
}

# A standby that was promoted, while its primary is on timeline $1 at $2.
rejoin() {
  local parent left commits count last said
  local -a archive=()
  read -r parent left <<<"$(left_before "$binaries" "$timeline")"
  commits=$(commits_since "$binaries" "$data" "$timeline" "$left") || fail "cannot tell whether this host has committed since its promotion"
  read -r count last <<<"$commits"
  ((count == 0)) || fail "the standby was promoted at $left of timeline $parent, and has committed since: it is at $position on timeline $timeline, its last commit was $last; $primary is at $2 on timeline $1; hint: if $primary is to stay the primary, ./lab up --yes-replace $HOSTNAME: the data is moved aside, not deleted"
  systemctl stop "$service"
  # The WAL before its promotion may be in the repository alone: PostgreSQL 14 and later look there.
  [[ $("$binaries/pg_rewind" --help) != *--config-file* ]] || archive=(--restore-target-wal --config-file="$conf")
  said=$(HOME=~postgres as postgres "$binaries/pg_rewind" --target-pgdata="$data" --source-server="$connection dbname=postgres" \
    "${archive[@]}" 2>&1) || {
    move_aside "$data" diverged "the standby was promoted, and pg_rewind failed: ${said##*$'\n'}"
    return
  }
  as postgres touch "$data/standby.signal"
  echo "rewound: $HOSTNAME: it was promoted at $left of timeline $parent, and had committed nothing since" >&2
}

main() {
  local binaries=$1 service=$2 data=$3 primary=$4 connection=$5 stanza=$6 conf=$7 own its system timeline position other current at recovering
  [[ -e $data/global/pg_control ]] || return 0
  if is_allowed; then
    make_way replaced "./lab up --yes-replace $HOSTNAME"
    return
  fi
  systemctl is-active --quiet "$service" || systemctl start "$service" ||
    fail "cannot start $service" "$(journalctl -u "$service" -n 20 --no-pager)"
  await 120 "$service does not answer; hint: journalctl -u $service" answers "$binaries"
  recovering=$(query "$binaries" -c 'SELECT pg_is_in_recovery()')
  own=$(own_state)
  [[ $own =~ ^[0-9]+\|[1-9][0-9]*\|$LSN$ ]] || fail "cannot read the standby's system identifier, timeline and position, got \"$own\""
  IFS='|' read -r system timeline position <<<"$own"
  its=$(ask_primary "$binaries" "$connection" IDENTIFY_SYSTEM) || fail "cannot read $primary's system identifier (IDENTIFY_SYSTEM)"
  [[ $its =~ ^[0-9]+\|[1-9][0-9]*\|$LSN\|$ ]] || fail "cannot read $primary's system identifier, timeline and position, got \"$its\""
  IFS='|' read -r other current at _ <<<"$its"
  if [[ $other != "$system" ]]; then
    [[ $recovering == t ]] || fail "$data holds a primary of another cluster: its system identifier is $system, $primary's is $other; hint: if it is not needed, ./lab up --yes-replace $HOSTNAME: it is moved aside, not deleted"
    make_way diverged "the standby's system identifier is $system, $primary's is $other"
  elif [[ $recovering == t ]]; then
    follow "$current" "$at"
  else
    rejoin "$current" "$at"
  fi
}

main "$@" </dev/null
