#!/usr/bin/env bash
# Has the next cluster/standby-rejoin.sh move this host's data aside, whatever it is, within ten minutes.
# Safe to run again.
set -euo pipefail

main() {
  touch /run/lab-yes-replace
}

main "$@" </dev/null
