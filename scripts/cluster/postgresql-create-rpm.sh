#!/usr/bin/env bash
# Creates the cluster of PostgreSQL $1 with data checksums, locale $2 and encoding $3, in data folder $4, with unit $5: a copy of the package's
# where it is another. Safe to run again: an existing or restored cluster is left as it is.
set -euo pipefail
source common/shell.sh

# PGDG's packages say how ("postgresql-14-setup initdb UNIT"): the unit has the data folder.
set_up_unit() {
  local packaged=/usr/lib/systemd/system/postgresql-$1.service data=$2 unit=$3
  [[ -e ${packaged%/*}/$unit || -e /etc/systemd/system/$unit ]] || install -m 0644 "$packaged" "/etc/systemd/system/$unit"
  install -D -m 0644 <(printf '[Service]\nEnvironment=PGDATA=%s\n' "$data") "/etc/systemd/system/$unit.d/lab-data.conf"
  systemctl daemon-reload
  if [[ -n $(type -P selinuxenabled) ]] && selinuxenabled; then
    semanage fcontext -a -t postgresql_db_t "$data(/.*)?" 2>/dev/null || semanage fcontext -m -t postgresql_db_t "$data(/.*)?"
    restorecon -R "$data"
  fi
}

main() {
  local version=$1 locale=$2 encoding=$3 data=$4 unit=$5
  if [[ $data != "/var/lib/pgsql/$version/data" || $unit != "postgresql-$version.service" ]]; then
    install -d -o postgres -g postgres -m 0700 "$data"
    set_up_unit "$version" "$data" "$unit"
  fi
  [[ -e $data/PG_VERSION ]] ||
    PGSETUP_INITDB_OPTIONS="--locale=$locale --encoding=$encoding --data-checksums" "/usr/pgsql-$version/bin/postgresql-$version-setup" initdb "${unit%.service}"
  [[ $(<"$data/PG_VERSION") == "$version" ]] || fail "$data holds a cluster of PostgreSQL $(<"$data/PG_VERSION"), not $version"
}

main "$@" </dev/null
