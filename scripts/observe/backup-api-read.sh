#!/usr/bin/env bash
# Prints what Barman tells of server $1, the certificate in file $2, and the one that the web server presents.
# Safe to run again: it only reads.
set -euo pipefail
source common/barman.sh

main() {
  local server=$1 certificate=$2
  printf '==== %s\n%s\n' barman "$(as_barman barman --version 2>&1)" \
    check "$(as_barman barman check "$server" 2>&1 || true)" \
    backups "$(as_barman barman -f json list-backup "$server" 2>/dev/null || true)" \
    certificate "$(cat "$certificate" 2>/dev/null || true)" \
    served "$(timeout "$((5 * SLOWNESS))" openssl s_client -connect 127.0.0.1:443 </dev/null 2>/dev/null || true)"
}

main "$@" </dev/null
