#!/usr/bin/env bash
# Running PostgreSQL with other settings.
source common/postgresql.sh
source common/shell.sh

reloaded_since() {
  [[ $(query "$1" -c 'SELECT pg_conf_load_time()') != "$2" ]]
}

# By PostgreSQL itself: a unit may not be active yet when it answers.
reload() {
  local loaded
  loaded=$(query "$1" -c 'SELECT pg_conf_load_time()')
  query "$1" -c 'SELECT pg_reload_conf()' >/dev/null
  await 30 "$2 has not reloaded its configuration; hint: journalctl -u $2" reloaded_since "$1" "$loaded"
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

# Has the settings in file $3, which postgresql.conf $2 includes, replaced by those in $3.next, which PostgreSQL (programs in folder $1, data
# in $4) must take: it reads all of its configuration to print one setting of it. The old ones stay beside, as $3.old.
replace_settings() {
  local binaries=$1 conf=$2 settings=$3 data=$4 said try status=0
  if [[ -e $settings && -e $data/PG_VERSION ]] && ! cmp -s "$settings" "$settings.next"; then
    # In the same folder, as it may include files by relative names.
    try=$(mktemp "$conf.lab-XXXXXXXX")
    sed "s#'$settings'#'$settings.next'#" "$conf" >"$try"
    chown postgres "$try"
    said=$(as postgres "$binaries/postgres" -C port "--config-file=$try" -D "$data" -c log_line_prefix= 2>&1) || status=$?
    rm "$try"
    ((status == 0)) || fail "PostgreSQL refuses the new settings; the old ones stay" "$said"
    ln -f "$settings" "$settings.old"
  fi
  mv "$settings.next" "$settings"
}

# Waits until service $2 answers with the settings in $3; if it has failed with them, the old ones come back.
settle() {
  local binaries=$1 service=$2 settings=$3 data=$4 said log
  await 120 "$service neither answers nor fails" settled "$binaries" "$service" "$data" || true
  if ! said=$(answers "$binaries" 2>&1); then
    log=$(journalctl -u "$service" -n 20 --no-pager)
    if [[ ! -e $settings.old ]] || ! systemctl is-failed --quiet "$service"; then fail "$service does not answer: $said" "$log"; fi
    mv "$settings.old" "$settings"
    systemctl restart "$service" || true
    fail "$service does not start with the new settings; the old ones are back" "$log"
  fi
  rm -f "$settings.old"
}
