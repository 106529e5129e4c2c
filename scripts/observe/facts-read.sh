#!/usr/bin/env bash
# Runs scripts side by side: of each come its fact's name, the seconds that it may take, how many words follow, its text, its arguments.
# Prints of each the name, the exit status and how many lines follow, which it printed, or complained of when it failed. Safe to run again:
# it only reads. No process that can be spared, each of which takes an emulated host long.
set -euo pipefail

declare -A group deadline status

# A job is a process group, which can be ended as a whole.
begin() {
  local fact=$1 script=$3
  deadline[$fact]=$((SECONDS + $2))
  shift 3
  # Both are read, however soon it is ended.
  true >>"$folder/$fact.out" 2>>"$folder/$fact.err"
  {
    # In a shell of its own, which ends with the first failure: this one goes on.
    set +e
    (eval "$script") >"$folder/$fact.out" 2>"$folder/$fact.err" </dev/null
    echo "$fact $?" >&"$ended"
  } &
  group[$fact]=$!
}

report() {
  local fact=$1 left other state from=err told
  until [[ -v status[$fact] ]]; do
    left=$((deadline[$fact] - SECONDS))
    # Who has ended in time is in the pipe, however late that is read.
    if read -r -t "$((left > 0 ? left : 0)).01" -u "$ended" other state; then
      status[$other]=$state
    elif ((left <= 0)); then
      # It may end at this very moment.
      kill -- "-${group[$fact]}" 2>/dev/null || true
      status[$fact]=124
    fi
  done
  [[ ${status[$fact]} != 0 ]] || from=out
  mapfile -t told <"$folder/$fact.$from"
  printf '%s\n' "$fact ${status[$fact]} ${#told[@]}" "${told[@]}"
}

main() {
  # Memory: a full disk is to be found, too.
  folder=$(TMPDIR=/run mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  exec {ended}<> <(:)
  set -m
  while (($# > 0)); do
    begin "$1" "$2" "${@:4:$3}"
    shift "$((3 + $3))"
  done
  for fact in "${!group[@]}"; do report "$fact"; done
}

main "$@" </dev/null
