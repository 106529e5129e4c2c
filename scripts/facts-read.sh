#!/usr/bin/env bash
# Runs the scripts on stdin side by side; a line each: the fact that it reads, the seconds that it may take, itself in base64, its
# arguments. Prints a line each: the fact, the exit status, and in base64 what it printed and what it complained of.
# Safe to run again: it only reads. One session for all: each one takes an emulated host seconds.
set -euo pipefail
# Memory: a full disk is to be found, too.
export TMPDIR=/run

main() {
  local fact seconds script facts=() args
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  while read -r fact seconds script args; do
    facts+=("$fact")
    base64 -d <<<"$script" >"$folder/$fact.sh"
    (
      status=0
      # shellcheck disable=SC2086 # words
      timeout "$seconds" bash "$folder/$fact.sh" $args >"$folder/$fact.out" 2>"$folder/$fact.err" </dev/null || status=$?
      echo "$status" >"$folder/$fact.status"
    ) &
  done
  wait
  for fact in "${facts[@]}"; do
    printf '%s %s %s %s\n' "$fact" "$(<"$folder/$fact.status")" \
      "$(base64 -w 0 "$folder/$fact.out")" "$(base64 -w 0 "$folder/$fact.err")"
  done
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
