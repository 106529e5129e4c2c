#!/usr/bin/env bash
# Prints whether the repository, read as account $1, holds a backup of stanza $2: backup or none. The status is in the answer: pgBackRest's
# exit status is 0 even when the stanza cannot be read. Safe to run again: it only reads.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

main() {
  local account=$1 stanza=$2 info
  # A host without configuration is new.
  if [[ ! -e /etc/pgbackrest/pgbackrest.conf ]]; then
    echo none
    return
  fi
  info=$(stanza_info "$account" "$stanza")
  case $(jq '.[0].status.code' <<<"$info") in
    0) echo backup ;;
    # Missing stanza path, no valid backups, missing stanza data.
    1 | 2 | 3) echo none ;;
    *) fail "cannot read the backups of stanza $stanza: $(jq -r '.[0].status.message' <<<"$info")" ;;
  esac
}

main "$@" </dev/null
