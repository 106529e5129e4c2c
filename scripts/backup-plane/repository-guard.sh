#!/usr/bin/env bash
# Refuses a new configuration, before any host is changed, if the repository of pgBackRest's present file $1, read as account $2, holds
# another stanza than $3 or another major version than $4. If the repository moves to folder $5, says what stays in the old one, and prints
# the time. Safe to run again: it only reads.
set -euo pipefail
source common/pgbackrest.sh
source common/shell.sh

main() {
  local conf=$1 account=$2 stanza=$3 version=$4 folder=$5 held former holds backups
  [[ -e $conf ]] || return 0
  held=$(sed -n '/^\[global/!s/^\[\(.*\)]$/\1/p' "$conf")
  former=$(sed -n 's/^repo1-path=//p' "$conf")
  { read -r holds && read -r backups; } \
    < <(stanza_info "$account" "$held" | jq -r '.[0] | (.db[-1].version // "nothing"), ([.backup[].label] | join(" "))') ||
    fail "cannot read stanza $held in $former; hint: pgbackrest --stanza=$held info, as user $account"
  [[ $holds != nothing ]] || return 0
  backups="backups: ${backups:-none}"
  [[ $held == "$stanza" ]] ||
    fail "lab:stanza is $stanza, but $former holds stanza $held ($backups); hint: keep $held; a stanza cannot be renamed"
  [[ $holds == "$version" ]] ||
    fail "lab:postgresqlVersion is $version, but $former holds stanza $held of PostgreSQL $holds ($backups); hint: keep $holds; an upgrade is pg_upgrade on every host and pgbackrest stanza-upgrade, by hand, before the key changes"
  if [[ $former != "$folder" ]]; then
    echo "left behind: $HOSTNAME keeps stanza $held in $former ($backups); $folder gets a new full backup" >&2
    # As in a backup's label.
    date +%Y%m%d-%H%M%S
  fi
}

main "$@" </dev/null
