#!/usr/bin/env bash
# Passes a machine that exists, and notes that stack $1 has it, unless what the stack would make there ($2…: files and folders) is somebody
# else's: nothing is changed then. Safe to run again: what the stack has made since is its own.
set -euo pipefail
source common/machine.sh
source common/shell.sh

main() {
  local own=$1 other path
  other=$(owner)
  [[ $other != "$own" ]] || return 0
  [[ -z $other ]] || fail "this machine belongs to stack $other, got stack $own; hint: destroy that one first, or name another machine"
  for path in "${@:2}"; do
    ! is_taken "$path" ||
      fail "$path is not this stack's ($(du -sh "$path" | cut -f 1)), and stays as it is; hint: move it aside once nothing needs it, or name another machine; the primary's cluster can be adopted (docs/adopt.md)"
  done
  install -d -m 0755 "${OWNER_NOTE%/*}"
  echo "$own" >"$OWNER_NOTE.new"
  mv "$OWNER_NOTE.new" "$OWNER_NOTE"
}

main "$@" </dev/null
