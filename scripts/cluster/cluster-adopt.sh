#!/usr/bin/env bash
# Adopts the cluster that runs as service $2 (programs in folder $1, postgresql.conf $3): that includes the lab's settings $4, last; its own pg_hba.conf
# and pg_ident.conf get the lab's lines in $5 and $6, first. What was there is kept in /etc/lab/adopted, for ./lab destroy. Safe to run again: the lab's
# lines are replaced, and no other.
set -euo pipefail
source common/adoption.sh
source common/postgresql.sh

# Keeps what will be given back, once.
keep() {
  local binaries=$1 service=$2 conf=$3 hba=$4 ident=$5 new=$ADOPTED.new
  if [[ -e $ADOPTED ]]; then return; fi
  install -d -m 0700 "$new"
  cp -p "$(realpath "$conf")" "$new/postgresql.conf"
  cp -p "$(realpath "$hba")" "$new/pg_hba.conf"
  cp -p "$(realpath "$ident")" "$new/pg_ident.conf"
  printf '%s\n' "$binaries" "$service" "${PGPORT:-5432}" "$(systemctl is-enabled "$service" 2>/dev/null || true)" "$conf" "$hba" "$ident" >"$new/cluster"
  raised "$binaries" '' >"$new/raised"
  mv "$new" "$ADOPTED"
}

# PostgreSQL 16 and later read a file from within; others get its lines.
lines_of() {
  if (($2 >= 160000)); then echo "include $1"; else cat "$1"; fi
}

main() {
  local binaries=$1 service=$2 conf=$3 settings=$4 access=$5 identities=$6 found hba ident version
  found=$(query "$binaries" -F $'\n' -c "SELECT current_setting('hba_file'), current_setting('ident_file'), current_setting('server_version_num')")
  { read -r hba && read -r ident && read -r version; } <<<"$found"
  keep "$binaries" "$service" "$conf" "$hba" "$ident"
  lines_of "$access" "$version" | put_lines "$hba" first
  lines_of "$identities" "$version" | put_lines "$ident" first
  { cat "$ADOPTED/raised" && echo "include '$settings'"; } | put_lines "$conf" last
}

main "$@" </dev/null
