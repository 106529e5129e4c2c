#!/usr/bin/env bash
# Prints why the cluster that stack $1 is to adopt ($2…: see common/adoption.sh) cannot be, or which of its settings change, and by what, and which
# of its files get the lab's lines. Nothing of one that the stack has. Safe to run again: it only reads.
set -euo pipefail
source common/adoption.sh
source common/machine.sh
source common/postgresql.sh

# Lines of name, present value, new value, reload or restart.
changes() {
  local binaries=$1
  shift
  { printf '%s\n' "$@" && raised "$binaries" "$(IFS=, && echo "${*%%=*}")" | sed 's/ = /=/'; } |
    sed "s/'/''/g; s/\([^=]*\)=\(.*\)/('\1', '\2')/" | paste -sd , |
    {
      read -r values
      query "$binaries" -F $'\t' -c "SELECT name, current_setting(name), value, CASE context WHEN 'postmaster' THEN 'restart' ELSE 'reload' END
      FROM (VALUES $values) w (name, value) JOIN pg_settings USING (name) WHERE current_setting(name) <> value"
    }
}

main() {
  local said=""
  printf '==== refusals\n'
  if [[ $(owner) != "$1" ]]; then said=$(refusals "${@:2}"); fi
  printf '%s' "${said:+$said$'\n'}"
  printf '==== changes\n'
  [[ $(owner) == "$1" || -n $said ]] || changes "$2" "${@:8}"
  printf '==== files\n'
  [[ $(owner) == "$1" || -n $said ]] || query "$2" -c "SELECT setting FROM pg_settings WHERE name IN ('config_file', 'hba_file', 'ident_file') ORDER BY 1"
}

main "$@" </dev/null
