#!/usr/bin/env bash
# Takes the first Barman backup of server $1.
# Safe to run again: a server with a complete backup is left as it is.
set -euo pipefail
source common/barman.sh
source common/shell.sh

backups() {
  as_barman barman -f json list-backup "$1" | jq --arg server "$1" '[.[$server][]? | select(.status == "DONE")] | length'
}

is_complete() {
  as_barman barman archive-wal "$1" && as_barman barman check-backup "$1" latest && [[ $(backups "$1") != 0 ]]
}

main() {
  local server=$1
  if [[ $(backups "$server") == 0 ]]; then
    as_barman barman backup "$server"
    # A backup that ends with a segment needs the next one too, which nobody would complete where nothing is written: no `backup --wait`.
    [[ $(backups "$server") != 0 ]] || as_barman barman switch-wal "$server"
    await 300 "barman lists no complete backup of server $server; hint: see /var/log/barman/barman.log" is_complete "$server"
  fi
  as_barman barman check "$server"
}

main "$@" </dev/null
