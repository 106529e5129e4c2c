#!/usr/bin/env bash
# Has service $1, whose postgresql.conf is $2, run with the settings of $3, as role $4 (primary or standby).
# Safe to run again: it reloads, and restarts only when a setting waits for it.
set -euo pipefail

query() {
  sudo -u postgres psql -XAtq -d postgres -c "$1"
}

reloaded_since() {
  [[ $(query 'SELECT pg_conf_load_time()') != "$1" ]]
}

await() {
  local seconds=$1 deadline
  shift
  deadline=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}

main() {
  local service=$1 conf=$2 settings=$3 role=$4 loaded recovering
  grep -qxF "include '$settings'" "$conf" || echo "include '$settings'" >>"$conf"
  systemctl enable --quiet "$service"
  if systemctl is-active --quiet "$service"; then
    loaded=$(query 'SELECT pg_conf_load_time()')
    systemctl reload "$service"
    await 30 reloaded_since "$loaded"
    [[ $(query 'SELECT count(*) FROM pg_settings WHERE pending_restart') == 0 ]] || systemctl restart "$service"
  else
    systemctl start "$service"
  fi
  if ! await 120 query 'SELECT 1'; then
    echo "$service does not answer after 120 s; its last words:" >&2
    journalctl -u "$service" -n 20 --no-pager >&2
    return 1
  fi
  recovering=$(query 'SELECT pg_is_in_recovery()')
  if [[ $role == primary && $recovering == t ]] || [[ $role == standby && $recovering == f ]]; then
    echo "the cluster on $(hostname) must be a $role, and is the other; promote it or move its data aside by hand" >&2
    return 1
  fi
}

main "$@" </dev/null
