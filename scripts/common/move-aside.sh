#!/usr/bin/env bash
# Nothing deletes data.
source common/shell.sh

# The name to which folder $1 is moved aside for the reason $3: with a word $2 (incomplete, diverged, replaced) and a date.
aside_of() {
  ! mountpoint --quiet "$1" || fail "$3; cannot move it aside: $1 is a mount point; hint: move its content elsewhere"
  echo "$1.$2-$(date -u +%Y%m%dT%H%M%SZ)"
}

# Moves a folder aside, and says why.
move_aside() {
  local folder=$1 why=$3 aside
  aside=$(aside_of "$@")
  mv -T "$folder" "$aside"
  echo "moved aside: $HOSTNAME: $why; it is now $aside" >&2
}
