#!/usr/bin/env bash
# Prints as JSON, for each backup of stanza $2, what its manifest says of backup-standby: true when a standby delivered the files.
# Account $1 owns the repository. Safe to run again: it only reads.
set -euo pipefail

readonly LABEL='^[0-9]{8}-[0-9]{6}F(_[0-9]{8}-[0-9]{6}[DI])?$'

main() {
  local account=$1 stanza=$2 labels label manifest options=""
  local command=(as "$account" pgbackrest "--stanza=$stanza" --log-level-console=off)
  labels=$("${command[@]}" repo-ls "backup/$stanza" --filter="$LABEL")
  for label in $labels; do
    # A backup that is under way has no manifest yet.
    manifest=$("${command[@]}" --ignore-missing repo-get "backup/$stanza/$label/backup.manifest") || continue
    options+="${options:+,}\"$label\":\"$(sed -n 's/^option-backup-standby=//p' <<<"$manifest")\""
  done
  printf '{%s}\n' "$options"
}

main "$@" </dev/null
