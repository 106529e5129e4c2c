#!/usr/bin/env bash
# Installs a key, a certificate and the trusted CAs (PEM, in this order, on stdin) for ACCOUNT:GROUP $1 and host $2, in the
# folder of $3; the certificate must be for uses $4… (client, server). Safe to run again: a link to a checked folder is swapped.
set -euo pipefail
source common/certificate.sh
source common/move-aside.sh
source common/shell.sh

# Whether the certificates in folder $1 are valid already: a clock that is behind the one of who signed them says no for a while.
is_valid_already() {
  [[ $(openssl verify -CAfile "$1/ca.crt" "$1/host.crt" 2>&1) != *"not yet valid"* ]]
}

# Whether the CAs in file $1 are trusted to have signed certificate $2, at any time.
trusts() {
  openssl verify -no_check_time -CAfile "$1" "$2" >/dev/null 2>&1
}

# Fails when a host with the pair in folder $1 would stop to trust the others, or they it, by the pair in folder $2: the others have
# what is installed here, and get the new one at another moment. Where the installed CAs, the newest of which comes first, have expired,
# nobody trusts anybody any more.
keeps_trust() {
  cmp -s "$1/ca.crt" "$2/ca.crt" || ! x509 -checkend 0 -in "$1/ca.crt" >/dev/null ||
    { trusts "$1/ca.crt" "$2/host.crt" && trusts "$2/ca.crt" "$1/host.crt"; }
}

refuse() {
  fail "the old pair stays: $1"
}

main() {
  local owner=$1 host=$2 folder pem seen said use left key='/BEGIN [A-Z ]*PRIVATE KEY/,/END [A-Z ]*PRIVATE KEY/'
  folder=$(dirname "$3")
  shift 3
  umask 077
  install -d -m 0755 "$(dirname "$folder")"
  new=$(mktemp -d "$folder.lab-XXXXXXXX") # not local: for the trap
  trap 'rm -rf "$new" "$new.link"' EXIT
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
  await 30 "the clock is behind the one of who signed the certificate" is_valid_already "$new"
  said=$(openssl verify -CAfile "$new/ca.crt" "$new/host.crt" 2>&1) || refuse "the certificate is not of a CA that comes with it: $said"
  # A client trusts servers of other hosts, which change at other moments.
  [[ ! -e $folder/ca.crt || $* != *client* ]] || keeps_trust "$folder" "$new" || refuse \
    "replacing the CA in one step would break trust between this host and the others; hint: ./lab rotate-ca"
  chmod 0644 "$new/host.crt" "$new/ca.crt"
  chown -R "$owner" "$new"
  chmod 0755 "$new"
  ln -s "$(basename "$new")" "$new.link"
  [[ ! -d $folder || -L $folder ]] || move_aside "$folder" replaced "$folder was not made by this lab"
  mv -T "$new.link" "$folder"
  trap - EXIT
  # Keys and certificates are in the state; an old pair, or leftovers of an interrupted run, are of no use, and a key should not lie about.
  for left in "$folder".lab-????????*; do [[ $left == "$new" ]] || rm -rf "$left"; done
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
