#!/usr/bin/env bash
# Installs a key, a certificate and the trusted CAs (PEM, in this order, on stdin) for ACCOUNT:GROUP $1 and host $2, in the folder of file
# $3, once they are verified for uses $4… (client, server). Safe to run again: a link to the verified folder is swapped.
set -euo pipefail
source common/certificate.sh
source common/move-aside.sh
source common/shell.sh

# Whether the certificates in folder $1 are valid already: not for a while if this host's clock is behind the signer's.
is_valid_already() {
  [[ $(openssl verify -CAfile "$1/ca.crt" "$1/host.crt" 2>&1) != *"not yet valid"* ]]
}

# Whether one of the CAs in file $1 signed certificate $2, whatever the date.
trusts() {
  openssl verify -no_check_time -CAfile "$1" "$2" >/dev/null 2>&1
}

# Whether hosts with the installed pair in folder $1 and with the new one in folder $2 trust each other: the hosts get the new one at
# different moments. If the newest installed CA, the first in the file, has expired, or the installed files do not belong together, there is
# no trust to keep.
keeps_trust() {
  cmp -s "$1/ca.crt" "$2/ca.crt" || ! x509 -checkend 0 -in "$1/ca.crt" >/dev/null || ! trusts "$1/ca.crt" "$1/host.crt" ||
    { trusts "$1/ca.crt" "$2/host.crt" && trusts "$2/ca.crt" "$1/host.crt"; }
}

refuse() {
  fail "certificate refused, the old one stays: $1"
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
  [[ $seen == *"$(openssl pkey -in "$new/host.key" -pubout)"* ]] || refuse "certificate and key do not match"
  for use; do
    [[ $seen == *"does match certificate"* && $seen == *"SSL $use : Yes"* ]] ||
      refuse "the certificate must be valid for $host as a $use, but is: $seen"
  done
  await 30 "the certificate is not valid yet: this host's clock is behind" is_valid_already "$new"
  said=$(openssl verify -CAfile "$new/ca.crt" "$new/host.crt" 2>&1) || refuse "the certificate is not signed by a CA installed with it: $said"
  # Only clients: they trust servers on other hosts, which change at other moments.
  [[ ! -e $folder/ca.crt || $* != *client* ]] || keeps_trust "$folder" "$new" || refuse \
    "replacing the CA in one step would break trust between this host and the others; hint: ./lab rotate-ca"
  chown -R "$owner" "$new"
  chmod a+rX "$new" "$new"/*.crt
  sync "$new"/*
  ln -s "$(basename "$new")" "$new.link"
  [[ ! -d $folder || -L $folder ]] || move_aside "$folder" replaced "$folder was not made by this lab"
  mv -T "$new.link" "$folder"
  trap - EXIT
  # The state has keys and certificates; old pairs and leftovers of interrupted runs are useless, and keys should not lie about.
  for left in "$folder".lab-????????*; do [[ $left == "$new" ]] || rm -rf "$left"; done
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
