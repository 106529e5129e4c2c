#!/usr/bin/env bash
# Asking the PostgreSQL that runs on this host.
source common/shell.sh

# Asks PostgreSQL with the psql in a folder: the one on PATH may be a wrapper, which is slow under emulation.
query() {
  local binaries=$1
  shift
  as postgres "$binaries/psql" -XAtq -v ON_ERROR_STOP=1 -d postgres "$@"
}

answers() {
  query "$1" -c 'SELECT 1' >/dev/null
}

# Asks the primary, by libpq's connection string $2, with the psql in folder $1 (PostgreSQL, "Streaming Replication Protocol"). libpq looks
# for a password in $HOME.
ask_primary() {
  HOME=~postgres as postgres "$1/psql" -XAtq -d "$2 dbname=replication replication=true connect_timeout=5" -c "$3"
}

# Asks the primary's database for more than its stream.
ask_primary_database() {
  HOME=~postgres as postgres "$1/psql" -XAtq -v ON_ERROR_STOP=1 -d "$2 dbname=postgres connect_timeout=5" -c "$3"
}

# What keeps this standby from streaming, by connection $2; nothing when the primary lets it.
refusal() {
  local said
  said=$(ask_primary "$@" IDENTIFY_SYSTEM 2>&1) || {
    said=${said%%$'\n'*}
    said=${said##*: }
    printf '%s\n' "${said#"${said%%[! ]*}"}"
  }
}
