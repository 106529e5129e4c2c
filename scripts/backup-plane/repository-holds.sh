#!/usr/bin/env bash
# Prints whether the repository holds a backup of stanza $2, as account $1 sees it: backup or none.
# Safe to run again: it only reads. The status is in the answer: the command's exit status is 0 even when the stanza cannot be read.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

main() {
  local account=$1 stanza=$2 info
  # A host that never had its configuration has no backup either.
  if [[ ! -e /etc/pgbackrest/pgbackrest.conf ]]; then
    echo none
    return
  fi
  info=$(stanza_info "$account" "$stanza")
  case $(jq '.[0].status.code' <<<"$info") in
    0) echo backup ;;
    # Missing stanza path, no valid backups, missing stanza data.
    1 | 2 | 3) echo none ;;
    *) fail "whether stanza $stanza has a backup cannot be told: $(jq -r '.[0].status.message' <<<"$info")" ;;
  esac
}

main "$@" </dev/null
