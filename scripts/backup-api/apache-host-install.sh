#!/usr/bin/env bash
# Puts the new virtual host, beside file $3, in its place, and has unit $1 serve it on port 443 with the certificate in folder $4, and
# nothing on port 80. Program $2 tests the configuration first; if it is refused, the old one is put back before the server reloads.
# Safe to run again: a running server is reloaded.
set -euo pipefail
source common/shell.sh

listens() {
  ss -Hltn "sport = :$1" | grep -q .
}

serves() {
  listens 443 && ! listens 80
}

main() {
  local service=$1 control=$2 host=$3 certificate=$4 said
  if command -v selinuxenabled >/dev/null && selinuxenabled; then restorecon -RF "$certificate" "$(readlink -f "$certificate")"; fi
  if [[ -e $host.next ]]; then
    cp -p "$host" "$host.old"
    mv "$host.next" "$host"
    if ! said=$("$control" configtest 2>&1); then
      mv "$host.old" "$host"
      fail "$control refuses the new configuration; the old one stays: $said"
    fi
    rm "$host.old"
  fi
  if systemctl is-active --quiet "$service"; then systemctl reload "$service"; else systemctl start "$service"; fi
  await 30 "$service must listen on port 443, and nothing on port 80; hint: ss -ltnp" serves
}

main "$@" </dev/null
