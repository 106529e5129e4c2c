#!/usr/bin/env bash
# Runs service $2 (programs in folder $1, postgresql.conf $3, data in folder $6) with the new settings in $4.next, as role $5 (primary,
# standby), and, when there is a folder $7, with the certificate in it. Settings that PostgreSQL does not take leave the old ones in place.
# Safe to run again: it reloads, and restarts only if a changed setting needs that.
set -euo pipefail
source common/certificate.sh
source common/postgresql-service.sh
source common/postgresql.sh
source common/replay.sh
source common/shell.sh
source common/standby-settings.sh

# A restore, pg_rewind and ALTER SYSTEM write recovery settings where they override the lab's; prints how many there were.
take_over_recovery() {
  query "$1" <<'SQL'
SELECT format('ALTER SYSTEM RESET %I', name) FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf'
  AND name IN ('primary_conninfo', 'primary_slot_name', 'restore_command') \gexec
SELECT count(*) FROM pg_settings WHERE sourcefile LIKE '%/postgresql.auto.conf'
  AND name IN ('primary_conninfo', 'primary_slot_name', 'restore_command')
SQL
}

# PostgreSQL goes on with the pair that it has when it cannot use a new one.
presents_installed() {
  local served
  served=$(as postgres timeout 10 openssl s_client -starttls postgres -connect "127.0.0.1:${PGPORT:-5432}" 2>/dev/null </dev/null || true)
  is_installed "$1" "$served"
}

# A primary's checkpoint after its restart is where standbys can begin to replay with its new settings.
restart() {
  [[ $3 == primary ]] || pass_checkpoint "$1"
  # What it ends with is told later.
  systemctl restart "$2" || return 0
  [[ $3 == standby ]] || query "$1" -c CHECKPOINT
}

main() {
  local binaries=$1 service=$2 conf=$3 settings=$4 role=$5 data=$6 certificate=${7:-} reloaded=false recovering found=primary
  grep -qxF "include '$settings'" "$conf" || echo "include '$settings'" >>"$conf"
  replace_settings "$binaries" "$conf" "$settings" "$data"
  systemctl enable --quiet --no-reload "$service"
  if systemctl is-active --quiet "$service"; then
    reloaded=true
    reload "$binaries" "$service"
    [[ $(query "$binaries" -c 'SELECT count(*) FROM pg_settings WHERE pending_restart') == 0 ]] || restart "$binaries" "$service" "$role"
  else
    # It answers seconds before Debian's unit is active.
    systemctl start --no-block "$service"
  fi
  [[ $role == primary ]] || catch_up "$binaries" "$service" "$conf" "$settings" "$data"
  replay_archive "$service" "$data" "$binaries"
  settle "$binaries" "$service" "$settings" "$data"
  await_recovery "$binaries" "$service"
  recovering=$(query "$binaries" -c 'SELECT pg_is_in_recovery()')
  [[ $recovering == f ]] || found=standby
  [[ $found == "$role" ]] || fail "the cluster must be a $role, but is a $found; hint: ./lab doctor"
  [[ $(take_over_recovery "$binaries") == 0 ]] || reload "$binaries" "$service"
  [[ $reloaded == false || -z $certificate ]] ||
    await 20 "$service must present the certificate in $certificate/host.crt, but presents" presents_installed "$certificate"
}

main "$@" </dev/null
