#!/usr/bin/env bash
# Prints as JSON how account $1, with the certificate files in folder $2, gets on with the pgBackRest servers of the hosts $5…, for
# stanza $3, as a client of kind $4 (repository or postgresql): TCP, TLS, authorisation. Safe to run again: it changes nothing.
set -euo pipefail
source common/shell.sh

# Up to the greeting, which a server sends once it has accepted the client's certificate.
handshake() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line"
    [[ $line != '{"name":'* ]] || break
  done < <(exec timeout "$((3 * SLOWNESS))" setpriv --reuid="$1" --regid="$1" --init-groups openssl s_client -ign_eof \
    -connect "$3:8432" -verify_hostname "$3" -cert "$2/host.crt" -key "$2/host.key" -CAfile "$2/ca.crt" 2>&1 </dev/null)
  kill $! 2>/dev/null || true
}

# What pgBackRest itself says. For a PostgreSQL host: a `check` of a folder that is not there ends after the server has let us in, and
# before anything is done.
authorise() {
  local account=$1 folder=$2 stanza=$3 kind=$4 peer=$5 command=(repo-ls)
  local limits=("--stanza=$stanza" "--io-timeout=$((2 * SLOWNESS))" "--protocol-timeout=$((4 * SLOWNESS))"
    --log-level-console=off --log-level-file=off --log-level-stderr=warn)
  [[ $kind == postgresql ]] || command=(--no-config "--repo1-path=/nonexistent" "--pg1-host=$peer" --pg1-host-type=tls
    "--pg1-host-ca-file=$folder/ca.crt" "--pg1-host-cert-file=$folder/host.crt" "--pg1-host-key-file=$folder/host.key"
    --pg1-path=/nonexistent "--db-timeout=$((2 * SLOWNESS))" check)
  { as "$account" timeout "$((4 * SLOWNESS))" pgbackrest "${limits[@]}" "${command[@]}" >/dev/null; } 2>&1 || echo "status $?"
}

# Prints in a line the server's name and, in base64, what became of each.
meet() {
  local peer=$5 tcp said="" told
  told=$(mktemp)
  # shellcheck disable=SC2016 # for the inner bash
  tcp=$(timeout "$((3 * SLOWNESS))" bash -c 'exec 3<>"/dev/tcp/$0/8432"' "$peer" 2>&1) || tcp="${tcp:-timed out}"
  if [[ -z $tcp ]]; then
    authorise "$@" >"$told" &
    said=$(handshake "$1" "$2" "$peer" | tr -d '\0') && wait
  fi
  printf '%s %s %s %s\n' "$peer" "$(base64 -w 0 <<<"$tcp")" "$(base64 -w 0 <<<"$said")" "$(base64 -w 0 "$told")"
  rm "$told"
}

main() {
  local own=("${@:1:4}") peer
  for peer in "${@:5}"; do meet "${own[@]}" "$peer" & done | jq -Rn '
    def text: @base64d | rtrimstr("\n");
    [inputs | split(" ") | {(.[0]): {tcp: (.[1] | text), said: (.[2] | text), authorisation: (.[3] | text)}}] | add // {}'
}

main "$@" </dev/null
