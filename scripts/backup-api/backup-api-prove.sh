#!/usr/bin/env bash
# Proves that https://$1 lets in the client whose key, certificate and authority (PEM, in this order) are on stdin, answers its
# /status, and knows Barman's server $2; and that it refuses a client without a certificate. Safe to run again: it only asks.
set -euo pipefail
source common/shell.sh

# The key goes through pipes: it is on no disk and in no command line.
ask() {
  local key='/BEGIN [A-Z ]*PRIVATE KEY/,/END [A-Z ]*PRIVATE KEY/'
  curl --silent --show-error --fail-with-body --max-time 60 \
    --key <(printf '%s\n' "$pem" | sed -n "${key}p") \
    --cert <(printf '%s\n' "$pem" | sed "${key}d" | sed -n '1,/END CERTIFICATE/p') \
    --cacert <(printf '%s\n' "$pem" | sed "${key}d" | sed '1,/END CERTIFICATE/d') "$1" 2>&1
}

is_answered() {
  local said
  said=$(ask "$1/status")
  echo "$said"
  [[ $said == '"OK"'* ]]
}

main() {
  local url=https://$1 server=$2 said pem
  pem=$(cat)
  # A reload takes a moment until the new processes serve.
  await 60 "$url/status must answer \"OK\"" is_answered "$url"
  said=$(ask "$url/diagnose") || fail "$url/diagnose must be answered: $said"
  jq -e --arg server "$server" '.servers | has($server)' <<<"$said" >/dev/null ||
    fail "$url/diagnose must know server $server: ${said:0:500}"
  if said=$(curl --silent --show-error --insecure --max-time 60 "$url/status" 2>&1); then
    fail "$url must refuse a client without a certificate: $said"
  fi
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
