#!/usr/bin/env bash
# Has pg-backup-api run with its present files, and proves that it answers at $1, and on no other address.
# Safe to run again: it is restarted, which takes a moment.
set -euo pipefail

main() {
  local address=$1 deadline=$((SECONDS + 60)) said
  install -d -o barman -g barman -m 0755 /var/log/barman
  systemctl daemon-reload
  systemctl enable --quiet pg-backup-api
  systemctl restart pg-backup-api
  until said=$(curl --silent --show-error --max-time 10 "http://$address/status" 2>&1) && [[ $said == '"OK"'* ]]; do
    if ((SECONDS >= deadline)); then
      printf 'pg-backup-api must answer "OK" at %s, says: %s\n' "$address" "$said" >&2
      journalctl -u pg-backup-api -n 20 --no-pager >&2
      tail -n 20 /var/log/barman/barman-api-error.log >&2 || true
      return 1
    fi
    sleep 0.2
  done
  if ss -Hltn "sport = :${address##*:}" | awk '{ print $4 }' | grep -Ev '^(127\.|\[::1\])'; then
    echo "pg-backup-api listens on an address that others reach" >&2
    return 1
  fi
}

main "$@" </dev/null
