#!/usr/bin/env bash
# Puts the new configuration in place and has pgBackRest's server, run by account $1, serve by it.
# Safe to run again. The configuration is tried beside the old one first: a server that reloads a bad one dies.
set -euo pipefail

try() {
  local account=$1 conf=$2 out
  # Parses the whole file; nobody listens on the port, which is not what it is asked for.
  out=$(sudo -u "$account" pgbackrest --config="$conf" --config-include-path=/nonexistent --log-level-file=off \
    --log-level-console=warn server-ping --tls-server-port=1 2>&1) || true
  if ! grep -q 'HostConnectError\|ServiceError\|\[124\]\|\[049\]\|\[122\]' <<<"$out" || grep -q 'WARN' <<<"$out"; then
    printf 'the new configuration is not accepted; the old one stays\n%s\n' "$out" >&2
    return 1
  fi
}

main() {
  local account=$1 conf=/etc/pgbackrest/pgbackrest.conf
  install -d -m 0755 /etc/pgbackrest/conf.d
  if [[ -e $conf.next ]]; then
    try "$account" "$conf.next"
    mv "$conf.next" "$conf"
  fi
  systemctl daemon-reload
  if systemctl is-active --quiet pgbackrest && [[ $(systemctl show -P User pgbackrest) == "$account" ]]; then
    systemctl enable --quiet pgbackrest
    systemctl reload pgbackrest
  else
    systemctl enable --quiet pgbackrest
    systemctl restart pgbackrest
  fi
  sudo -u "$account" pgbackrest server-ping --log-level-file=off --log-level-console=warn
}

main "$@" </dev/null
