#!/usr/bin/env bash
# Prints how full the file systems are that hold the folders $@: device, size and free bytes.
# Safe to run again: it only reads.
set -euo pipefail

main() {
  local folder there=()
  for folder; do
    [[ ! -e $folder ]] || there+=("$folder")
  done
  [[ ${#there[@]} != 0 ]] || there=(/)
  paste -d ' ' <(stat -Lc '%n %d' "${there[@]}") <(df -P -B1 "${there[@]}" | awk 'NR > 1 { print $2, $4 }')
}

main "$@" </dev/null
