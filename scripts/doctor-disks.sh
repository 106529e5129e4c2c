#!/usr/bin/env bash
# Prints as JSON how full the file systems are that hold the folders $@, in bytes.
# Safe to run again: it only reads.
set -euo pipefail

main() {
  local folder
  for folder; do
    [[ ! -e $folder ]] || df -P -B1 "$folder" | awk 'NR == 2 { print $2, $4 }' | jq -Rn --arg folder "$folder" \
      'input | split(" ") | {($folder): {size: (.[0] | tonumber), free: (.[1] | tonumber)}}'
  done | jq -s 'add // {}'
}

main "$@" </dev/null
