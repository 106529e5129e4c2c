#!/usr/bin/env bash
# Prints what steps of the lab have moved aside of the folders $@: path, date in the path, and bytes.
# Safe to run again: it only reads.
set -euo pipefail
shopt -s nullglob

main() {
  local folder aside
  for folder; do
    for aside in "$folder".{diverged,incomplete,replaced}-*; do
      echo "$aside ${aside##*-} $(du --summarize --block-size=1 "$aside" | cut -f 1)"
    done
  done
}

main "$@" </dev/null
