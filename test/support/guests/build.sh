#!/usr/bin/env bash
# Makes in folder OUT a guest in the shape of another system, of the image PLAIN of the lab's own: `image.raw`, and `www`, what the
# servers of its package repositories serve over https with the certificate beside it.
# usage: build.sh SHAPE PLAIN ARCHIVES POSTGRESQL OUT   (Debian packages, a PostgreSQL 14; both folders)
# Safe to run again: OUT appears whole, by renaming; the mount is this process's own and ends with it.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")

# The servers' certificate, and the authority that signed it: good for this guest alone.
certify() {
  local folder=$1 names=$2
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=packages of the tests' -keyout "$folder/ca.key" -out "$folder/ca.crt" 2>/dev/null
  openssl req -x509 -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -newkey rsa:2048 -nodes -days 3650 -subj /CN=mirror \
    -addext "subjectAltName=$names" -keyout "$folder/server.key" -out "$folder/server.crt" 2>/dev/null
  rm "$folder/ca.key"
}

sign_with_new_key() {
  export GNUPGHOME=$1
  mkdir -m 0700 "$GNUPGHOME"
  gpg --batch --quiet --passphrase '' --quick-generate-key 'packages of the tests' rsa3072 sign never 2>/dev/null
  gpg --list-secret-keys --with-colons | awk -F : '/^fpr/ { print $10; exit }'
}

main() {
  local shape=$1 plain=$2 archives=$3 postgresql=$4 out=$5 scratch=$5.next root key hosts
  rm -rf --one-file-system "$scratch"
  mkdir -p "$scratch/www"
  chmod 0700 "$scratch"
  key=$(sign_with_new_key "$scratch/gnupg")
  export GNUPGHOME=$scratch/gnupg
  trap 'gpgconf --kill all' EXIT
  gpg --armor --export "$key" >"$scratch/www/key.asc"
  bash "$here/$shape/repositories.sh" "$archives" "$postgresql" "$key" "$scratch/www"
  hosts=$(find "$scratch/www" -mindepth 1 -maxdepth 1 -type d -printf '%f ')
  hosts=${hosts% }
  certify "$scratch" "DNS:${hosts// /,DNS:}"

  cp --sparse=always "$plain" "$scratch/image.raw"
  root=$scratch/root
  mkdir "$root"
  mount -o loop "$scratch/image.raw" "$root"
  echo "10.83.14.1 $hosts" >>"$root/etc/hosts"
  mkdir "$root/archives"
  mount --bind "$archives" "$root/archives"
  mount --rbind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  echo 'deb [trusted=yes] file:/archives ./' >"$root/etc/apt/sources.list"
  chroot "$root" apt-get update -qq
  bash "$here/$shape/guest.sh" "$root" "$scratch/www"
  install -D -m 0644 "$scratch/ca.crt" "$root/usr/local/share/ca-certificates/tests.crt"
  chroot "$root" update-ca-certificates >/dev/null
  rm -rf "$root/var/lib/apt/lists" "$root"/var/cache/apt/*.bin
  umount "$root/archives"
  rmdir "$root/archives"
  umount --recursive "$root"
  rmdir "$root"
  gpgconf --kill all
  rm -r "$scratch/gnupg"
  rm -rf "$out"
  mv "$scratch" "$out"
}

main "$@" </dev/null
