#!/usr/bin/env bash
# Proves that https://$1 lets in the client whose key, certificate and authority (PEM, in this order) are on stdin, answers its
# /status, and knows Barman's server $2; and that it refuses a client without a certificate. Safe to run again: it only asks.
set -euo pipefail

# The key goes through pipes: it is on no disk and in no command line.
ask() {
  local key='/BEGIN [A-Z ]*PRIVATE KEY/,/END [A-Z ]*PRIVATE KEY/'
  curl --silent --show-error --fail-with-body --max-time 60 \
    --key <(printf '%s\n' "$pem" | sed -n "${key}p") \
    --cert <(printf '%s\n' "$pem" | sed "${key}d" | sed -n '1,/END CERTIFICATE/p') \
    --cacert <(printf '%s\n' "$pem" | sed "${key}d" | sed '1,/END CERTIFICATE/d') "$1" 2>&1
}

main() {
  local host=$1 server=$2 deadline=$((SECONDS + 60)) said pem
  pem=$(cat)
  # A reload takes a moment until the new processes serve.
  until said=$(ask "https://$host/status") && [[ $said == '"OK"'* ]]; do
    if ((SECONDS >= deadline)); then
      printf 'https://%s/status must answer "OK", says: %s\n' "$host" "$said" >&2
      return 1
    fi
    sleep 0.5
  done
  said=$(ask "https://$host/diagnose")
  if ! jq -e --arg server "$server" '.servers | has($server)' <<<"$said" >/dev/null; then
    printf 'https://%s/diagnose must know server %s, says: %s\n' "$host" "$server" "${said:0:500}" >&2
    return 1
  fi
  if said=$(curl --silent --show-error --insecure --max-time 60 "https://$host/status" 2>&1); then
    printf 'https://%s must refuse a client without a certificate, says: %s\n' "$host" "$said" >&2
    return 1
  fi
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
