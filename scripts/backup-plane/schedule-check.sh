#!/usr/bin/env bash
# Refuses calendar words that this host's systemd does not understand, before anything is changed. $1 is what is allowed, $2 the hint; then
# follow pairs of a kind and its words. Safe to run again: it only reads.
set -euo pipefail
source common/shell.sh

main() {
  local allowed=$1 hint=$2 said why=""
  shift 2
  while (($# > 0)); do
    if ! said=$(systemd-analyze calendar "$2" 2>&1); then
      why=$(tail -n 1 <<<"$said")
    elif [[ $said == *'Next elapse: never'* ]]; then
      why="which is past"
    fi
    [[ -z $why ]] || fail "lab:schedule.$1 must be $allowed, got \"$2\": $why; $hint"
    shift 2
  done
}

main "$@" </dev/null
