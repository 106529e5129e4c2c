#!/usr/bin/env bash
# Has data in folder $3, of service $2, that was promoted, follow primary $4 again, asked by connection $5 with the programs in folder $1 and
# postgresql.conf $6: it is rewound if it has committed nothing since; otherwise it is somebody's data, and refused unless `./lab up
# --yes-replace` allowed that it is moved aside. Safe to run again: a standby is left as it is. Without a clear answer the step fails, and
# changes nothing.
set -euo pipefail
source common/data-aside.sh
source common/postgresql.sh
source common/shell.sh
source common/standby.sh
source common/wal.sh

# `./lab up --yes-replace` leaves a file, for its own run.
is_allowed() {
  [[ -n $(find /run/lab-yes-replace -mmin -10 -delete -print 2>/dev/null) ]]
}

# The WAL before the promotion may be in the repository alone: PostgreSQL 14 and later look there.
rewind() {
  local archive=()
  [[ $("$binaries/pg_rewind" --help) != *--config-file* ]] || archive=(--restore-target-wal --config-file="$conf")
  HOME=~postgres as postgres "$binaries/pg_rewind" --target-pgdata="$data" --source-server="$connection dbname=postgres" "${archive[@]}"
}

main() {
  local binaries=$1 service=$2 data=$3 primary=$4 connection=$5 conf=$6 own its system timeline position other current at
  local parent left commits count last said hint="if $4 is to stay the primary, ./lab up --yes-replace $HOSTNAME: the data is moved aside, not deleted"
  [[ -e $data/global/pg_control ]] || return 0
  if is_allowed; then
    make_way "$service" "$data" replaced "./lab up --yes-replace $HOSTNAME"
    return
  fi
  [[ ! -e $data/standby.signal ]] || return 0
  run_server "$binaries" "$service"
  [[ $(query "$binaries" -c 'SELECT pg_is_in_recovery()') == f ]] || return 0
  own=$(own_state "$binaries" primary)
  its=$(its_state "$binaries" "$connection" "$primary")
  IFS='|' read -r system timeline position <<<"$own"
  IFS='|' read -r other current at <<<"$its"
  [[ $other == "$system" ]] ||
    fail "$data holds a primary of another cluster: its system identifier is $system, $primary's is $other; hint: $hint"
  read -r parent left <<<"$(left_before "$binaries" "$timeline")"
  commits=$(commits_since "$binaries" "$data" "$timeline" "$left") || fail "cannot tell whether this host has committed since its promotion; hint: $hint"
  read -r count last <<<"$commits"
  ((count == 0)) || fail "the standby was promoted at $left of timeline $parent, and has committed since: it is at $position on timeline $timeline, its last commit was $last; $primary is at $at on timeline $current; hint: $hint"
  systemctl stop "$service"
  said=$(rewind 2>&1) || {
    move_data_aside "$data" diverged "the standby was promoted, and pg_rewind failed: ${said##*$'\n'}"
    return
  }
  as postgres touch "$data/standby.signal"
  echo "rewound: $HOSTNAME: it was promoted at $left of timeline $parent, and had committed nothing since" >&2
}

main "$@" </dev/null
