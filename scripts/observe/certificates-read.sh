#!/usr/bin/env bash
# Prints this host's clock, the certificate and the trusted CAs in folder $1; when $2 is not empty, also who may read the key, and its
# public half. Safe to run again: it only reads.
set -euo pipefail

main() {
  local folder=$1 deep=${2:-}
  printf '==== now\n%(%s)T\n' -1
  # A file that cannot be read, or holds nonsense, is a finding of whoever judges it.
  [[ ! -f $folder/host.crt ]] || printf '==== certificate\n%s\n' "$(<"$folder/host.crt")"
  [[ ! -f $folder/ca.crt ]] || printf '==== trusted\n%s\n' "$(<"$folder/ca.crt")"
  [[ -n $deep ]] || return 0
  printf '==== key\n%s\n' "$([[ ! -e $folder/host.key ]] || stat -Lc '%U %a' "$folder/host.key")"
  printf '==== publicKey\n%s\n' "$(openssl pkey -in "$folder/host.key" -pubout 2>/dev/null || true)"
}

main "$@" </dev/null
