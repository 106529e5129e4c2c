#!/usr/bin/env bash
# Refuses a new configuration, before any host is changed, if the repository of pgBackRest's present file $1, read as account $2, holds
# another stanza than $3 or another major version than $4, or is encrypted where $5 is false, or the other way round. If the repository moves to
# folder $6, says what stays in the old one, and prints the time. Safe to run again: it only reads.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

# The repository's info, with the passphrase of file $3 where it is encrypted.
read_repository() {
  if [[ -s $3 ]]; then
    PGBACKREST_REPO1_CIPHER_PASS=$(sed -n 's/^repo1-cipher-pass=//p' "$3")
    export PGBACKREST_REPO1_CIPHER_TYPE=aes-256-cbc PGBACKREST_REPO1_CIPHER_PASS
  fi
  repository_info "$1" "$2"
}

main() {
  local conf=$1 account=$2 stanza=$3 version=$4 wanted=$5 folder=$6 former info said held holds backups cipher encrypted=false
  local -a entry
  [[ -e $conf ]] || return 0
  # A damaged file names no folder, and this step must not be what keeps `up` from replacing it.
  former=$(sed -n 's/^repo1-path=//p' "$conf")
  former=${former:-$folder}
  cipher=$(dirname "$conf")/conf.d/cipher.conf
  [[ ! -s $cipher ]] || encrypted=true
  if ! { info=$(read_repository "$account" "$former" "$cipher" 2>&1) && said=$(jq -r --arg stanza "$stanza" '
    map(select(.db[-1])) | sort_by(.name != $stanza)[0] // empty
    | .name, .db[-1].version, ([.backup[].label] | join(" "))' <<<"$info" 2>/dev/null); }; then
    fail "cannot read the repository in $former; hint: pgbackrest --no-config --repo1-path=$former info, as user $account" "$info"
  fi
  [[ -n $said ]] || return 0
  mapfile -t entry <<<"$said"
  held=${entry[0]} holds=${entry[1]} backups="backups: ${entry[2]:-none}"
  [[ $held == "$stanza" ]] ||
    fail "lab:stanza is $stanza, but $former holds stanza $held ($backups); hint: keep $held; a stanza cannot be renamed"
  [[ $holds == "$version" ]] ||
    fail "lab:postgresqlVersion is $version, but $former holds stanza $held of PostgreSQL $holds ($backups); hint: keep $holds; docs/major-upgrade.md comes before the key changes"
  [[ $encrypted == "$wanted" ]] ||
    fail "lab:repositoryCipher is $wanted, but $former holds stanza $held ($backups), for which it is $encrypted; hint: keep $encrypted; a repository is encrypted from its first file on, or never"
  if [[ $former != "$folder" ]]; then
    echo "left behind: $HOSTNAME keeps stanza $held in $former ($backups); $folder gets a new full backup" >&2
    # As in a backup's label.
    date +%Y%m%d-%H%M%S
  fi
}

main "$@" </dev/null
