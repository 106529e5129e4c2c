#!/usr/bin/env bash
# Nothing deletes data.
source common/shell.sh

# Moves a folder aside, to its name with a word (incomplete, diverged, replaced) and a date, and says why.
move_aside() {
  local folder=$1 word=$2 why=$3 aside
  aside="$folder.$word-$(date -u +%Y%m%dT%H%M%SZ)"
  ! mountpoint --quiet "$folder" ||
    fail "$why; cannot move it aside: $folder is a mount point; hint: move its content elsewhere"
  mv -T "$folder" "$aside"
  echo "moved aside: $HOSTNAME: $why; it is now $aside" >&2
}
