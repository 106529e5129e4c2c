#!/usr/bin/env bash
# Installs packages $3… (Barman, PostgreSQL's programs and what pg-backup-api needs) from source $1: pgdg, set up by the URLs in $2, or mirror,
# whose lab.repo is there already. Safe to run again: installed packages are left as they are.
set -euo pipefail
source common/zypper.sh

main() {
  local wanted
  mapfile -t wanted < <(not_installed "${@:3}")
  if ((${#wanted[@]} > 0)); then
    add_source "$1" "$2"
    zypp_install "${wanted[@]}"
  fi
  barman --version
}

main "$@" </dev/null
