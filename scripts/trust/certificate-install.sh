#!/usr/bin/env bash
# Installs a key, a certificate and the trusted authorities (PEM, in this order, on stdin) for ACCOUNT:GROUP $1 and host $2, in the
# folder of $3; the certificate must be for uses $4… (client, server). Safe to run again: a link to a checked folder is swapped.
set -euo pipefail

refuse() {
  printf '%s; the old pair stays\n' "$*" >&2
  exit 1
}

main() {
  local owner=$1 host=$2 folder pem seen use old="" key='/BEGIN [A-Z ]*PRIVATE KEY/,/END [A-Z ]*PRIVATE KEY/'
  folder=$(dirname "$3")
  shift 3
  umask 077
  install -d -m 0755 "$(dirname "$folder")"
  new=$(mktemp -d "$folder.lab-XXXXXXXX") # not local: for the trap
  trap 'rm -rf "$new"' EXIT
  pem=$(cat)
  sed -n "${key}p" <<<"$pem" >"$new/host.key"
  sed "${key}d" <<<"$pem" | sed -n '1,/END CERTIFICATE/p' >"$new/host.crt"
  sed "${key}d" <<<"$pem" | sed '1,/END CERTIFICATE/d' >"$new/ca.crt"

  seen=$(x509 -in "$new/host.crt" -pubkey -purpose -checkhost "$host")
  [[ $seen == *"$(openssl pkey -in "$new/host.key" -pubout)"* ]] || refuse "the certificate does not belong to the key"
  for use; do
    [[ $seen == *"does match certificate"* && $seen == *"SSL $use : Yes"* ]] ||
      refuse "the certificate must name $host and be for a $use, but is: $seen"
  done
  await 30 is_valid_already "$new" || true
  openssl verify -CAfile "$new/ca.crt" "$new/host.crt"
  [[ ! -L $folder ]] || old=$(readlink -f "$folder")
  # A client trusts servers of other hosts, which change at other moments.
  [[ -z $old || $* != *client* ]] || keeps_trust "$old" "$new" || refuse \
    "an unstaged rotation of the authority would part this host from the others (hint: first lab:caStage trust; ./lab rotate-ca does it)"
  chmod 0644 "$new/host.crt" "$new/ca.crt"
  chown -R "$owner" "$new"
  chmod 0755 "$new"
  ln -s "$(basename "$new")" "$new.link"
  mv -T "$new.link" "$folder"
  trap - EXIT
  # Keys and certificates are in the state; an old pair, or what a killed run left, is of no use, and a key should not lie about.
  for old in "${old:-$new}" "$folder".lab-????????; do [[ $old == "$new" ]] || rm -rf "$old"; done
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
