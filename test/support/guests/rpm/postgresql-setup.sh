#!/usr/bin/env bash
# Makes the cluster of the unit postgresql-@major@, with the options in PGSETUP_INITDB_OPTIONS. Like PGDG's, it does so in an empty folder only.
# usage: postgresql-@major@-setup initdb [SERVICE]
set -euo pipefail

main() {
  local service=${2:-postgresql-@major@} data
  [[ $1 == initdb ]] || {
    echo "usage: $0 initdb [SERVICE]" >&2
    return 2
  }
  data=$(systemctl show -P Environment "$service.service" | sed 's/.*PGDATA=\([^ ]*\).*/\1/')
  echo -n "Initializing database ... "
  if [[ -n $(ls -A "$data" 2>/dev/null) ]]; then
    echo "Data directory is not empty!"
    return 1
  fi
  install -d -o postgres -g postgres -m 0700 "$data"
  install -o postgres -g postgres -m 0700 /dev/null /var/lib/pgsql/@major@/initdb.log
  if ! su -l postgres -c "/usr/pgsql-@major@/bin/initdb --pgdata='$data' --auth=ident ${PGSETUP_INITDB_OPTIONS:-}" >>/var/lib/pgsql/@major@/initdb.log 2>&1; then
    echo "failed, see /var/lib/pgsql/@major@/initdb.log"
    return 1
  fi
  install -d -o postgres -g postgres -m 0700 "$data/log"
  echo OK
}

main "$@" </dev/null
