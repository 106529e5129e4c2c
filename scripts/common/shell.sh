#!/usr/bin/env bash
# Running commands as accounts, waiting, and ending with a sentence.

# A folder that every account may read.
cd /

# Says in a sentence what is wrong on this host, and in further lines what its programs say.
complain() {
  printf '%s\n' "$HOSTNAME: $1" "${@:2}" >&2
}

# The same, and ends the step.
fail() {
  complain "$@"
  exit 1
}

# Tries a command until it works, for so many seconds; then says the sentence, with what the command said last before its hint.
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

# Runs a command as an account. What sudo or a login shell would do beside takes an emulated host a second.
as() {
  local account=$1
  shift
  setpriv --reuid="$account" --regid="$account" --init-groups "$@"
}
