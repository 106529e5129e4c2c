#!/usr/bin/env bash
# Running commands as accounts, waiting, and failing with a message.

# A folder that every account may read.
cd /

# Prints what is wrong on this host, then, on further lines, output of its programs.
complain() {
  printf '%s\n' "$HOSTNAME: $1" "${@:2}" >&2
}

# The same, and ends the step.
fail() {
  complain "$@"
  exit 1
}

# Repeats a command until it succeeds, for this many seconds; then prints the message, with the command's last output before the hint.
await() {
  local deadline=$((SECONDS + $1)) sentence=$2 said
  shift 2
  until said=$("$@" 2>&1); do
    if ((SECONDS >= deadline)); then
      complain "${sentence%%; hint: *}${said:+: $said}${sentence#"${sentence%%; hint: *}"}"
      return 1
    fi
    sleep 0.2
  done
}

# Runs a command with each number from 1 to $1 before its words, side by side, and prints what they print in their order.
side_by_side() {
  local number output
  local -a outputs=() lines
  for ((number = 1; number <= $1; number++)); do
    exec {output}< <("$2" "$number" "${@:3}")
    outputs+=("$output")
  done
  for output in "${outputs[@]}"; do
    mapfile -t -u "$output" lines
    exec {output}<&-
    printf '%s\n' "${lines[@]}"
  done
}

# Runs a command as an account. sudo or a login shell would take an emulated host a second.
as() {
  local account=$1
  shift
  setpriv --reuid="$account" --regid="$account" --init-groups "$@"
}
