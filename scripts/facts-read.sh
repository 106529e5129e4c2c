#!/usr/bin/env bash
# Runs the scripts on stdin side by side. Of each come a line, with the fact that it reads, the seconds that it may take, the number of its
# own lines and its arguments; and these lines. Prints a line each, with the fact, the exit status, and how many lines it printed and
# complained of; and these lines. Safe to run again: it only reads. One session for all, and no process that can be spared: each takes an
# emulated host a tenth of a second.
set -euo pipefail
# Memory: a full disk is to be found, too.
export TMPDIR=/run

main() {
  local fact seconds count script facts=() args printed complaints
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  while read -r fact seconds count args; do
    facts+=("$fact")
    mapfile -n "$count" script
    (
      status=0
      # shellcheck disable=SC2086 # words
      set -- $args
      IFS=''
      timeout "$seconds" bash -s -- "$@" <<<"${script[*]}" >"$folder/$fact.out" 2>"$folder/$fact.err" || status=$?
      echo "$status" >"$folder/$fact.status"
    ) &
  done
  wait
  for fact in "${facts[@]}"; do
    mapfile -t printed <"$folder/$fact.out"
    mapfile -t complaints <"$folder/$fact.err"
    printf '%s %s %s %s\n' "$fact" "$(<"$folder/$fact.status")" "${#printed[@]}" "${#complaints[@]}"
    # With nothing at all, printf would print an empty line.
    [[ ${#printed[@]} == 0 && ${#complaints[@]} == 0 ]] || printf '%s\n' "${printed[@]}" "${complaints[@]}"
  done
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
