#!/usr/bin/env bash
# Prints how account $1 gets on with PostgreSQL on port $5 of the primary, host $4: the name's addresses, TCP, what TLS says of a handshake with
# the files $6… (certificate, key, CA; none without TLS), and what is answered to replication connection $3, made with the psql in folder $2
# or the one on PATH. Safe to run again: it only asks.
set -euo pipefail
source common/peers.sh
source common/shell.sh

# The handshake alone: what a server has against the client, libpq is told.
handshake() {
  timeout "$((5 * SLOWNESS))" setpriv --reuid="$1" --regid="$1" --init-groups openssl s_client -starttls postgres \
    -connect "$2:$3" -verify_hostname "$2" -cert "$4" -key "$5" -CAfile "$6" 2>&1 </dev/null | tr -d '\0' || true
}

main() {
  local account=$1 binaries=$2 connection=$3 primary=$4 port=$5 tcp home psql=psql
  [[ ! -x $binaries/psql ]] || psql=$binaries/psql
  tcp=$(tcp_problem "$primary" "$port")
  printf '==== addresses\n%s\n==== tcp\n%s\n==== said\n' "$(addresses_of "$primary")" "$tcp"
  [[ -z $tcp ]] || return 0
  (($# < 6)) || handshake "$account" "$primary" "$port" "${@:6}"
  printf '==== authorization\n'
  # libpq looks for a password there.
  home=$(getent passwd "$account" | cut -d: -f6)
  { HOME=$home as "$account" "$psql" -XAtqd "$connection dbname=replication replication=true connect_timeout=$((5 * SLOWNESS))" \
    -c IDENTIFY_SYSTEM >/dev/null; } 2>&1 || true
}

main "$@" </dev/null
