#!/usr/bin/env bash
# Has systemd run the timers $1…, whose files are there. The files after the word `off` go: units of what is switched off. A backup that is
# running ends as it would. Safe to run again: timers that run begin anew, and what was due meanwhile is made up for.
set -euo pipefail
source common/shell.sh

forget() {
  local file
  for file; do
    [[ -e $file || -L $file ]] || continue
    [[ $file != *.timer ]] || systemctl disable --quiet --now "$(basename "$file")"
    rm "$file"
  done
}

main() {
  local -a timers=()
  while (($# > 0)) && [[ $1 != off ]]; do
    timers+=("$1")
    shift
  done
  forget "${@:2}"
  systemctl daemon-reload
  ((${#timers[@]} > 0)) || return 0
  systemctl enable --quiet "${timers[@]}"
  systemctl restart "${timers[@]}"
  systemctl --quiet is-active "${timers[@]}" || fail "a timer is not active" "$(systemctl --no-pager status "${timers[@]}")"
}

main "$@" </dev/null
