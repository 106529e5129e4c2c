#!/usr/bin/env bash
# Folders of tablespaces, outside the data folder, where PostgreSQL and pgBackRest may not make them.
source common/data-aside.sh
source common/postgresql.sh
source common/shell.sh

# Where no folder is made or changed.
SYSTEM_PLACES='^/(bin|boot|dev|etc|lib[^/]*|proc|root|run|sbin|sys|usr)(/|$)|^/(home|media|mnt|opt|srv|tmp|var(/lib)?)?$'

# Makes the folders in a list, a line each. One of PostgreSQL's account is left as it is.
make_tablespaces() {
  local folder
  while IFS= read -r folder; do
    if [[ -z $folder || (-d $folder && $(stat -Lc %U "$folder") == postgres) ]]; then continue; fi
    [[ ! $(realpath -m "$folder") =~ $SYSTEM_PLACES ]] ||
      fail "cannot make $folder, the folder of a tablespace: it is a place of the system; hint: make it by hand, as account postgres's own"
    [[ -z $(ls -A "$folder" 2>/dev/null) ]] ||
      fail "cannot use $folder, the folder of a tablespace: it is not account postgres's, and not empty; hint: move its content elsewhere"
    install -d -o postgres -g postgres -m 0700 "$folder"
  done <<<"$1"
}

# Makes those of primary $3, asked by connection $2 with the programs in folder $1, for the cluster in data folder $4: a standby that replays the
# creation of a tablespace ends without its folder. What a cluster without data has left there is moved aside.
make_primary_tablespaces() {
  local folders
  folders=$(ask_primary_database "$1" "$2" "SELECT location FROM pg_tablespace, pg_tablespace_location(oid) location WHERE location LIKE '/%'") ||
    fail "cannot read $3's tablespaces"
  make_tablespaces "$folders"
  [[ -e $4/global/pg_control ]] || clear_tablespaces "$("$1/postgres" --version | awk '{ print int($3) }')" "$folders"
}
