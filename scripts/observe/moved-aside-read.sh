#!/usr/bin/env bash
# Prints what steps of the lab have moved aside of the folders $@, and of the tablespaces in them: path, date in the path, and bytes.
# Safe to run again: it only reads.
set -euo pipefail
shopt -s nullglob

main() {
  local folder link aside
  local -a folders=("$@")
  for folder; do
    for link in "$folder"/pg_tblspc/*; do folders+=("$(readlink -m "$link")"); done
  done
  for folder in "${folders[@]}"; do
    for aside in "$folder".{diverged,incomplete,replaced}-*; do
      echo "$aside ${aside##*-} $(du --summarize --block-size=1 "$aside" | cut -f 1)"
    done
  done
}

main "$@" </dev/null
