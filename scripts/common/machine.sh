#!/usr/bin/env bash
# A machine that exists, and who has it.

OWNER_NOTE=/etc/lab/stack

# The stack that has it; empty when none does.
owner() {
  cat "$OWNER_NOTE" 2>/dev/null || true
}

# Whether path $1 is a file, or a folder that holds something.
is_taken() {
  [[ -f $1 || -d $1 && -n $(find "$1" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit) ]]
}
