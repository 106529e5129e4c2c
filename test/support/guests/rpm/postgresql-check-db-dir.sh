#!/usr/bin/env bash
# Refuses to start a server on folder $1 when it holds no cluster of version @major@.
set -euo pipefail

main() {
  local data=$1
  if [[ ! -f $data/PG_VERSION ]]; then
    echo "\"$data\" is missing or empty. Use \"/usr/pgsql-@major@/bin/postgresql-@major@-setup initdb\" to initialize the cluster." >&2
    return 1
  fi
  [[ $(cat "$data/PG_VERSION") == @major@ ]]
}

main "$@" </dev/null
