#!/usr/bin/env bash
# Raises the settings $6… (name=value) of the standby that runs as service $2 (programs in folder $1, postgresql.conf $3, data in folder $5),
# in its file $4, before the primary has them: a standby with less than its primary stops replaying WAL (PostgreSQL, "Hot Standby").
# Safe to run again: what is not less is left as it is.
set -euo pipefail
source common/postgresql-service.sh
source common/postgresql.sh

main() {
  local binaries=$1 service=$2 conf=$3 settings=$4 data=$5 each name value is_raised=false
  [[ -e $settings && $(query "$binaries" -c 'SELECT pg_is_in_recovery()') == t ]] || return 0
  cp -p "$settings" "$settings.next"
  for each in "${@:6}"; do
    name=${each%%=*} value=${each#*=}
    (($(query "$binaries" -c "SHOW $name") < value)) || continue
    sed -i "/^$name = /d" "$settings.next"
    echo "$name = $value" >>"$settings.next"
    is_raised=true
  done
  [[ $is_raised == true ]] || return 0
  replace_settings "$binaries" "$conf" "$settings" "$data"
  systemctl restart "$service" || true
  settle "$binaries" "$service" "$settings" "$data"
}

main "$@" </dev/null
