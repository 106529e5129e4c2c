#!/usr/bin/env bash
# A cluster's data, with its tablespaces, out of the way of another's.
source common/move-aside.sh

# Moves data folder $1 aside, to a name with word $2, and says why: $3. Its tablespaces go with it, once it is known whose version they are.
move_data_aside() {
  local data=$1 word=$2 why=$3 link version
  for link in "$data"/pg_tblspc/*; do
    if [[ -L $link && -d $link && -e $data/PG_VERSION ]]; then
      version=$(<"$data/PG_VERSION")
      move_tablespace_aside "$(readlink "$link")" "$version" "$word" "$why" "$link"
    fi
  done
  move_aside "$data" "$word" "$why"
}

# Moves what a cluster of major version $2 has in a tablespace's folder $1 aside, to a folder with word $3 and a date in its name, and says why:
# $4. The cluster's link to it, $5, when there is one, leads there.
move_tablespace_aside() {
  local folder=$1 version=$2 word=$3 why=$4 link=${5-} aside
  compgen -G "$folder/PG_${version}_*" >/dev/null || return 0
  aside=$(aside_of "$folder" "$word" "$why")
  install -d -o postgres -g postgres -m 0700 "$aside"
  mv "$folder/PG_${version}_"* "$aside"
  [[ -z $link ]] || ln -sfn "$aside" "$link"
  echo "moved aside: $HOSTNAME: $why; it is now $aside" >&2
}

# Moves what is left of clusters of major version $1, whose data is missing, in the folders of tablespaces, a line each, aside.
clear_tablespaces() {
  local version=$1 folder
  while IFS= read -r folder; do
    move_tablespace_aside "$folder" "$version" incomplete "$folder held a tablespace without its cluster"
  done <<<"$2"
}
