#!/usr/bin/env bash
# Creates the cluster of PostgreSQL $1 with data checksums, locale $2 and encoding $3, data folder $4, unit $5 and port $6, or takes over restored
# data. An image may have the cluster's configuration already, without data. Safe to run again: an existing cluster is left as it is.
set -euo pipefail
source common/shell.sh

# pg_createcluster moves the configuration of existing data to /etc; on Debian, a backup has none.
add_samples() {
  local version=$1 data=$2 name
  for name in postgresql pg_hba pg_ident; do
    [[ -e $data/$name.conf ]] ||
      install -o postgres -g postgres -m 0640 "/usr/share/postgresql/$version/$name.conf.sample" "$data/$name.conf"
  done
}

# New data is synced at once; one file at a time takes an emulated host four seconds.
main() {
  local version=$1 locale=$2 encoding=$3 data=$4 name=${5#*-} port=$6 conf cluster
  local options=(--locale="$locale" --encoding="$encoding" --data-checksums --no-sync)
  name=${name%.service}
  conf=/etc/postgresql/$version/$name
  cluster=(--port="$port" --datadir="$data" "$version" "$name")
  # postgresql.conf makes it a cluster for Debian's tools. Asking pg_lsclusters, or creating it here, takes an emulated host seconds. Without
  # the port, pg_createcluster takes the next one where another version has a configuration.
  if [[ ! -e $conf/postgresql.conf ]]; then
    if [[ -e $data/PG_VERSION ]]; then
      add_samples "$version" "$data"
      pg_createcluster "${cluster[@]}"
    else
      pg_createcluster "${cluster[@]}" -- "${options[@]}"
      sync --file-system "$data"
    fi
  else
    if [[ ! -e $data/PG_VERSION ]]; then
      install -d -o postgres -g postgres -m 0700 "$data"
      as postgres "/usr/lib/postgresql/$version/bin/initdb" "${options[@]}" --auth-local=peer --auth-host=scram-sha-256 --pgdata="$data"
      # As after pg_createcluster: the configuration lies in /etc.
      rm "$data"/{postgresql,pg_hba,pg_ident}.conf
      sync --file-system "$data"
    fi
    grep -q "^data_directory = '$data'" "$conf/postgresql.conf" ||
      sed -i "s#^data_directory = '.*'#data_directory = '$data'#" "$conf/postgresql.conf"
  fi
  grep -qsx auto "$conf/start.conf" || echo auto >"$conf/start.conf"
}

main "$@" </dev/null
