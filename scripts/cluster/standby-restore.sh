#!/usr/bin/env bash
# Restores stanza $1 into data folder $2 as a standby.
# Safe to run again: a standby's data is left as it is, a primary's is refused, what an interrupted restore left is moved aside.
set -euo pipefail

main() {
  local stanza=$1 data=$2
  if [[ -e $data/global/pg_control ]]; then
    if [[ ! -e $data/standby.signal ]]; then
      echo "$data on $(hostname) holds a cluster that is no standby; it is not touched. Hint: move it aside if you do not need it" >&2
      return 1
    fi
    return 0
  fi
  make_room "$data"
  as postgres pgbackrest --stanza="$stanza" --type=standby restore
  [[ -e $data/standby.signal && -e $data/global/pg_control ]]
}

main "$@" </dev/null
