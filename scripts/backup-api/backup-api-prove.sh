#!/usr/bin/env bash
# Verifies that https://$1 authorizes the client with the key, certificate and CA (PEM, in this order) on stdin, answers /status, knows
# Barman's server $2, and refuses a client without a certificate. Safe to run again: it only reads.
set -euo pipefail
source common/shell.sh

# The key goes through pipes: it is neither on disk nor in a command line.
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
  # After a reload it takes a moment until the new processes serve.
  await 60 "$url/status does not answer \"OK\"" is_answered "$url"
  said=$(ask "$url/diagnose") || fail "$url/diagnose fails: $said"
  jq -e --arg server "$server" '.servers | has($server)' <<<"$said" >/dev/null ||
    fail "$url/diagnose does not list server $server: ${said:0:500}"
  if said=$(curl --silent --show-error --insecure --max-time 60 "$url/status" 2>&1); then
    fail "$url accepts a client without a certificate: $said"
  fi
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
