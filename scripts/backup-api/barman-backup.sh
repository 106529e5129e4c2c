#!/usr/bin/env bash
# Takes a Barman backup of server $1: the first, or the first since Barman began anew with other WAL.
# Safe to run again: a server with such a backup, complete, is left as it is.
set -euo pipefail
source common/barman.sh
source common/shell.sh

# When Barman last began anew, seconds since 1970: its WAL has a hole, which no earlier backup gets past.
begun_anew() {
  local found=("$BARMAN_HOME/$1"/streaming.diverged-*)
  if [[ -e ${found[0]} ]]; then stat -c %Z "${found[@]}" | sort -n | tail -n 1; else echo 0; fi
}

# How many backups ended since then.
backups() {
  as_barman barman -f json list-backup "$1" |
    jq --arg server "$1" --argjson since "$(begun_anew "$1")" \
      '[.[$server][]? | select(.status == "DONE" and (.end_time_timestamp | tonumber) > $since)] | length'
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
