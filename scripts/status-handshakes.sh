#!/usr/bin/env bash
# Prints as JSON what goes wrong in a mutual TLS handshake with each of the hosts $3…: an empty text when nothing does.
# Account $1 is the client, with the certificate in folder $2. Safe to run again: it only reads.
set -euo pipefail

main() {
  local account=$1 folder=$2 peer problems=""
  shift 2
  for peer; do
    problems+="${problems:+,}\"$peer\":\"$(handshake_problem "$account" "$folder" "$peer")\""
  done
  printf '{%s}\n' "$problems"
}

main "$@" </dev/null
