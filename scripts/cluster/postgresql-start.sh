#!/usr/bin/env bash
# Runs service $2 (programs in folder $1, postgresql.conf $3, data in folder $6) with the settings in $4, as role $5 (primary, standby).
# Safe to run again: it reloads, and restarts only if a changed setting needs that.
set -euo pipefail
source common/postgresql.sh
source common/shell.sh

reloaded_since() {
  [[ $(query "$1" -c 'SELECT pg_conf_load_time()') != "$2" ]]
}

# A restored primary replays the archive before it is a primary.
is_recovered() {
  [[ $(query "$1" -c "SELECT NOT pg_is_in_recovery() OR (pg_stat_file('standby.signal', true)).size IS NOT NULL") == t ]]
}

# Whether the PostgreSQL with its data in a folder is ready, by its lock file, as pg_ctl reads it; 2 if it does not run. Connecting while it
# starts would take an emulated host half of the time of the start.
is_ready() {
  local lock
  mapfile -t lock 2>/dev/null <"$1/postmaster.pid" || return 2
  [[ ${lock[7]-} == ready* ]]
}

settled() {
  local status=0
  is_ready "$3" || status=$?
  { ((status == 0)) && answers "$1"; } || { ((status == 2)) && systemctl is-failed --quiet "$2"; }
}

main() {
  local binaries=$1 service=$2 conf=$3 settings=$4 role=$5 data=$6 loaded recovering said found=primary
  grep -qxF "include '$settings'" "$conf" || echo "include '$settings'" >>"$conf"
  systemctl enable --quiet --no-reload "$service"
  if systemctl is-active --quiet "$service"; then
    loaded=$(query "$binaries" -c 'SELECT pg_conf_load_time()')
    systemctl reload "$service"
    await 30 "$service has not reloaded its configuration; hint: journalctl -u $service" reloaded_since "$binaries" "$loaded"
    [[ $(query "$binaries" -c 'SELECT count(*) FROM pg_settings WHERE pending_restart') == 0 ]] || systemctl restart "$service"
  else
    # It answers seconds before Debian's unit is active.
    systemctl start --no-block "$service"
  fi
  await 120 "$service neither answers nor fails" settled "$binaries" "$service" "$data" || true
  said=$(answers "$binaries" 2>&1) || fail "$service does not answer: $said" "$(journalctl -u "$service" -n 20 --no-pager)"
  await 7000 "$service still replays WAL; hint: SELECT pg_last_wal_replay_lsn() shows its progress" is_recovered "$binaries"
  recovering=$(query "$binaries" -c 'SELECT pg_is_in_recovery()')
  [[ $recovering == f ]] || found=standby
  [[ $found == "$role" ]] || fail "the cluster must be a $role, but is a $found; hint: promote it, or move its data aside, by hand"
}

main "$@" </dev/null
