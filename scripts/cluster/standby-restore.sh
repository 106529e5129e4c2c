#!/usr/bin/env bash
# Restores stanza $1 into data folder $2 as a standby. PostgreSQL's programs lie in folder $3.
# Safe to run again: a standby's data is left as it is, a primary's is refused, leftovers of an interrupted restore are moved aside.
set -euo pipefail
source common/data-folder.sh
source common/restore.sh
source common/shell.sh

main() {
  local stanza=$1 data=$2 binaries=$3
  if [[ -e $data/global/pg_control ]]; then
    # Without standby.signal, a standby would be a primary after its next start.
    if [[ ! -e $data/standby.signal ]]; then
      in_recovery "$(cluster_state "$binaries" "$data")" || fail "$data holds a cluster that is not a standby; hint: move it aside if you do not need it"
      as postgres touch "$data/standby.signal"
    fi
    return 0
  fi
  make_room "$stanza" "$data"
  as postgres pgbackrest --stanza="$stanza" --type=standby restore
  [[ -e $data/standby.signal && -e $data/global/pg_control ]] || fail "pgBackRest restored no standby to $data"
}

main "$@" </dev/null
