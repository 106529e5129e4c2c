#!/usr/bin/env bash
# Reading WAL.
source common/postgresql.sh
source common/shell.sh

# Prints "COUNT LAST" of the transactions that committed on timeline $3 from position $4 on, by the WAL in data folder $2, with the programs
# in folder $1: how many, and when the last did. Fails when the WAL does not tell, as when it is gone.
commits_since() {
  local said status=0
  said=$(LC_ALL=C as postgres "$1/pg_waldump" --path="$2/pg_wal" --timeline="$3" --start="$4" --rmgr=Transaction 2>&1) || status=$?
  # It ends with an error where the WAL ends.
  [[ $status == 0 || $said == *"error in WAL record at"* ]] || {
    echo "${said##*$'\n'}" >&2
    return 1
  }
  sed -n 's/.* desc: COMMIT[A-Z_]* \([^;]*\).*/\1/p' <<<"$said" | awk '{ last = $0 } END { print NR, last }'
}

# Where the server with the psql in folder $1 left the timeline before its own, $2: "TIMELINE POSITION", by its timeline's history.
left_before() {
  query "$1" -c "SELECT pg_read_file('pg_wal/' || lpad(upper(to_hex($2)), 8, '0') || '.history')" | awk 'NF { line = $1 " " $2 } END { print line }'
}
