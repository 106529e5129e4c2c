#!/usr/bin/env bash
# Has service $2, with its programs in folder $1, its postgresql.conf $3 and its data in folder $6, run with the settings of $4, as
# role $5 (primary or standby). Safe to run again: it reloads, and restarts only when a setting waits for it.
set -euo pipefail

reloaded_since() {
  [[ $(query "$1" -c 'SELECT pg_conf_load_time()') != "$2" ]]
}

# A primary that was restored replays the archive before it is one.
is_recovered() {
  [[ $(query "$1" -c "SELECT NOT pg_is_in_recovery() OR (pg_stat_file('standby.signal', true)).size IS NOT NULL") == t ]]
}

settled() {
  local status=0
  is_ready "$3" || status=$?
  { ((status == 0)) && answers "$1"; } || { ((status == 2)) && systemctl is-failed --quiet "$2"; }
}

main() {
  local binaries=$1 service=$2 conf=$3 settings=$4 role=$5 data=$6 loaded recovering
  grep -qxF "include '$settings'" "$conf" || echo "include '$settings'" >>"$conf"
  systemctl enable --quiet --no-reload "$service"
  if systemctl is-active --quiet "$service"; then
    loaded=$(query "$binaries" -c 'SELECT pg_conf_load_time()')
    systemctl reload "$service"
    await 30 reloaded_since "$binaries" "$loaded"
    [[ $(query "$binaries" -c 'SELECT count(*) FROM pg_settings WHERE pending_restart') == 0 ]] || systemctl restart "$service"
  else
    # It answers seconds before Debian's unit says that it has started.
    systemctl start --no-block "$service"
  fi
  await 120 settled "$binaries" "$service" "$data" || true
  if ! answers "$binaries"; then
    echo "$service does not answer; its last words:" >&2
    journalctl -u "$service" -n 20 --no-pager >&2
    return 1
  fi
  await 7000 is_recovered "$binaries"
  recovering=$(query "$binaries" -c 'SELECT pg_is_in_recovery()')
  if [[ $role == primary && $recovering == t ]] || [[ $role == standby && $recovering == f ]]; then
    echo "the cluster on $(hostname) must be a $role, and is the other; promote it or move its data aside by hand" >&2
    return 1
  fi
}

main "$@" </dev/null
