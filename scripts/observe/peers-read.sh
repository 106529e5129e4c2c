#!/usr/bin/env bash
# Prints how account $1, with the certificate files in folder $2, gets on with the pgBackRest servers of the hosts $5…: what TLS says up to the
# server's greeting. When $4 is not empty, the name's addresses and TCP come first, and authorization for stanza $3 after it, as a client of
# that kind (repository or postgresql). Safe to run again: it changes nothing.
set -euo pipefail
source common/peers.sh
source common/pgbackrest-server.sh
source common/shell.sh

# With TLS 1.3 a client is refused after its own handshake: the proof is the greeting that follows once its certificate is accepted.
handshake() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line"
    [[ $line != '{"name":'* ]] || break
  done < <(exec timeout "$((5 * SLOWNESS))" setpriv --reuid="$1" --regid="$1" --init-groups openssl s_client -ign_eof \
    -connect "$3:$TLS_PORT" -verify_hostname "$3" -cert "$2/host.crt" -key "$2/host.key" -CAfile "$2/ca.crt" 2>&1 </dev/null)
  kill $! 2>/dev/null || true
}

# What pgBackRest says. Of a PostgreSQL host: a `check` of a missing folder ends once the client is authorized, before anything is done.
authorize() {
  local account=$1 folder=$2 stanza=$3 kind=$4 peer=$5 command=(--repo=1 repo-ls)
  local limits=("--stanza=$stanza" "--io-timeout=$((2 * SLOWNESS))" "--protocol-timeout=$((4 * SLOWNESS))"
    --log-level-console=off --log-level-file=off --log-level-stderr=warn)
  [[ $kind == postgresql ]] || command=(--no-config "--repo1-path=/nonexistent" "--pg1-host=$peer" --pg1-host-type=tls
    "--pg1-host-ca-file=$folder/ca.crt" "--pg1-host-cert-file=$folder/host.crt" "--pg1-host-key-file=$folder/host.key"
    --pg1-path=/nonexistent "--db-timeout=$((2 * SLOWNESS))" check)
  { as "$account" timeout "$((4 * SLOWNESS))" pgbackrest "${limits[@]}" "${command[@]}" >/dev/null; } 2>&1 || echo "status $?"
}

meet() {
  local kind=$4 peer=$5 tcp=""
  [[ -z $kind ]] || printf '==== %s addresses\n%s\n' "$peer" "$(addresses_of "$peer")"
  [[ -z $kind ]] || tcp=$(tcp_problem "$peer" "$TLS_PORT")
  printf '==== %s tcp\n%s\n' "$peer" "$tcp"
  [[ -z $tcp ]] || return 0
  [[ -z $kind ]] || authorize "$@" >"$folder/$peer.authorization" &
  printf '==== %s said\n%s\n' "$peer" "$(handshake "$1" "$2" "$peer" | tr -d '\0')"
  wait
  [[ -z $kind ]] || printf '==== %s authorization\n%s\n' "$peer" "$(<"$folder/$peer.authorization")"
}

main() {
  local own=("${@:1:4}") peer
  folder=$(TMPDIR=/run mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  for peer in "${@:5}"; do meet "${own[@]}" "$peer" >"$folder/$peer" & done
  wait
  for peer in "${@:5}"; do printf '%s\n' "$(<"$folder/$peer")"; done
}

main "$@" </dev/null
