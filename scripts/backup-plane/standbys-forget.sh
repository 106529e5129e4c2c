#!/usr/bin/env bash
# Has pgBackRest's file $1 on the repository host forget every standby but those of these names ($2…): nobody resolves the name of one that has
# left lab:hosts, and `check` would wait for it. Safe to run again: the file is written anew, with the standbys that stay, at the end of the run.
set -euo pipefail

# The file without the options of standbys that are not among $2 (" a b "); without any standby, backups are taken from the primary.
kept() {
  awk -F = -v names="$2" '
    NR == FNR { if ($1 ~ /^pg[0-9]+-host$/) { number = substr($1, 1, length($1) - 5); stays[number] = index(names, " " $2 " "); some += stays[number] > 0 } next }
    some == 0 { exit }
    { number = $1; sub(/-.*/, "", number) }
    !(number in stays) || stays[number]' "$1" "$1"
}

main() {
  local conf=$1 names=" ${*:2} "
  [[ -e $conf ]] || return 0
  kept "$conf" "$names" >"$conf.kept"
  chmod 0644 "$conf.kept"
  # pgBackRest reads every *.conf of the folder, and no other file.
  mv "$conf.kept" "$conf"
}

main "$@" </dev/null
