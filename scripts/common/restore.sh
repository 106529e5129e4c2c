#!/usr/bin/env bash
# Room for what pgBackRest restores.
source common/data-aside.sh
source common/pgbackrest.sh
source common/shell.sh
source common/tablespaces.sh

# Empties data folder $2 for a restore of stanza $1, and makes the folders of its tablespaces. What is in the way is moved aside.
make_room() {
  local stanza=$1 data=$2
  [[ -z $(ls -A "$data" 2>/dev/null) ]] || move_data_aside "$data" incomplete "$data held no complete cluster"
  install -d -o postgres -g postgres -m 0700 "$data"
  make_tablespace_room "$stanza"
}

# pgBackRest restores the newest backup of the first repository that has one. Before 2.41, its manifest alone tells the tablespaces.
make_tablespace_room() {
  local stanza=$1 newest version repository label folders
  newest=$(stanza_info postgres "$stanza" | jq -r '.[0] | ((.backup // []) | group_by(.database."repo-key")[0][-1]) as $newest
    | "\(.db[-1].version) \($newest.database."repo-key" // 1) \($newest.label // "")"')
  read -r version repository label <<<"$newest"
  [[ -n $label ]] || return 0
  folders=$(as postgres pgbackrest --stanza="$stanza" --repo="$repository" --log-level-console=off --log-level-file=off repo-get "backup/$stanza/$label/backup.manifest" |
    sed -n 's#^pg_tblspc/[0-9]*=##p' | jq -r '.path // empty')
  make_tablespaces "$folders"
  clear_tablespaces "$version" "$folders"
}
