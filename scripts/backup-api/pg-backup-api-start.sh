#!/usr/bin/env bash
# Runs pg-backup-api with its present files, and verifies that it answers at $1, and listens on no other address.
# Safe to run again: the service restarts.
set -euo pipefail
source common/shell.sh

is_answered() {
  local said
  said=$(curl --silent --show-error --max-time 10 "http://$1/status" 2>&1)
  echo "$said"
  [[ $said == '"OK"'* ]]
}

main() {
  local address=$1
  install -d -o barman -g barman -m 0755 /var/log/barman
  systemctl daemon-reload
  systemctl enable --quiet pg-backup-api
  systemctl restart pg-backup-api
  if ! await 60 "pg-backup-api does not answer \"OK\" at $address" is_answered "$address"; then
    journalctl -u pg-backup-api -n 20 --no-pager >&2
    tail -n 20 /var/log/barman/barman-api-error.log >&2 || true
    return 1
  fi
  if ss -Hltn "sport = :${address##*:}" | awk '{ print $4 }' | grep -Ev '^(127\.|\[::1\])'; then
    fail "pg-backup-api listens on other addresses than $address; hint: ss -ltnp"
  fi
}

main "$@" </dev/null
