#!/usr/bin/env bash
# Prints what Barman tells of server $1, the certificate in file $2, and the one that the web server presents.
# Safe to run again: it only reads.
set -euo pipefail
source common/barman.sh

# Whether processes wait for a processor.
is_busy() {
  local load
  read -r load _ </proc/loadavg
  ((${load%.*} >= $(nproc)))
}

# Barman connects again for each of its checks, and waits each time for a primary that is lost; on a busy host it is slow by itself.
check() {
  local limit=$((6 * SLOWNESS)) status=0
  ! is_busy || limit=$((20 * SLOWNESS))
  as_barman timeout "$limit" barman check "$1" 2>&1 || status=$?
  ((status != 124)) || echo "PostgreSQL: FAILED (no answer in $limit s)"
}

main() {
  local server=$1 certificate=$2 checked
  exec {checked}< <(check "$server")
  printf '==== %s\n%s\n' barman "$(as_barman barman --version 2>&1)" \
    backups "$(as_barman barman -f json list-backup "$server" 2>/dev/null || true)" \
    certificate "$(cat "$certificate" 2>/dev/null || true)" \
    served "$(timeout "$((5 * SLOWNESS))" openssl s_client -connect 127.0.0.1:443 </dev/null 2>/dev/null || true)" \
    check "$(cat <&"$checked")"
}

main "$@" </dev/null
