#!/usr/bin/env bash
# Has service $2, with its programs in folder $1, its postgresql.conf $3 and its data in folder $6, run with the settings of $4, as
# role $5 (primary or standby). Safe to run again: it reloads, and restarts only when a setting waits for it.
set -euo pipefail
source common/postgresql.sh
source common/shell.sh

reloaded_since() {
  [[ $(query "$1" -c 'SELECT pg_conf_load_time()') != "$2" ]]
}

# A primary that was restored replays the archive before it is one.
is_recovered() {
  [[ $(query "$1" -c "SELECT NOT pg_is_in_recovery() OR (pg_stat_file('standby.signal', true)).size IS NOT NULL") == t ]]
}

# Whether the PostgreSQL that keeps its data in a folder says in its lock file, as it does to pg_ctl, that it can be asked; 2 when it
# does not run. To ask it while it starts would take an emulated host half the time that it needs to start.
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
    await 30 "$service has not loaded its configuration again; hint: journalctl -u $service" reloaded_since "$binaries" "$loaded"
    [[ $(query "$binaries" -c 'SELECT count(*) FROM pg_settings WHERE pending_restart') == 0 ]] || systemctl restart "$service"
  else
    # It answers seconds before Debian's unit says that it has started.
    systemctl start --no-block "$service"
  fi
  await 120 "$service neither answers nor fails" settled "$binaries" "$service" "$data" || true
  said=$(answers "$binaries" 2>&1) || fail "$service does not answer: $said" "$(journalctl -u "$service" -n 20 --no-pager)"
  await 7000 "$service still replays WAL; hint: SELECT pg_last_wal_replay_lsn() tells how far it is" is_recovered "$binaries"
  recovering=$(query "$binaries" -c 'SELECT pg_is_in_recovery()')
  [[ $recovering == f ]] || found=standby
  [[ $found == "$role" ]] || fail "the cluster must be a $role, is a $found; hint: promote it, or move its data aside, by hand"
}

main "$@" </dev/null
