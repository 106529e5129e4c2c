#!/usr/bin/env bash
# Takes the first Barman backup of server $1.
# Safe to run again: a server with a complete backup is left as it is.
set -euo pipefail
source common/barman.sh
source common/shell.sh

backups() {
  as_barman barman -f json list-backup "$1" | jq --arg server "$1" '[.[$server][]? | select(.status == "DONE")] | length'
}

main() {
  local server=$1
  [[ $(backups "$server") != 0 ]] || as_barman barman backup --wait "$server"
  [[ $(backups "$server") != 0 ]] ||
    fail "barman lists no complete backup of server $server; hint: barman list-backup $server, /var/log/barman/barman.log"
  as_barman barman check "$server"
}

main "$@" </dev/null
