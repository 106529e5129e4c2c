#!/usr/bin/env bash
# Refuses a new configuration, before any host is changed, if a repository of pgBackRest's present file $1, read as account $2, holds
# another stanza than $3 or another major version than $4, or is to be encrypted otherwise than it is. The repositories that are wanted follow,
# three words each: place, whether it is encrypted, the key that says so. Says what stays behind in a repository that is not wanted any more,
# and prints place and time of those that come to others. Safe to run again: it only reads.
set -euo pipefail
source common/repositories.sh
source common/shell.sh

# Judges what the repository at place $1 holds: stanza $2 of PostgreSQL $3, with backups $4; it has passphrase $5.
judge() {
  local place=$1 name=$2 holds=$3 backups="backups: ${4:-none}" encrypted=false wanted=${is_wanted[$1]:-} key=${key_of[$1]:-} words
  [[ -z $5 ]] || encrypted=true
  [[ $name == "$stanza" ]] ||
    fail "lab:stanza is $stanza, but $place holds stanza $name ($backups); hint: keep $name; a stanza cannot be renamed"
  [[ $holds == "$version" ]] ||
    fail "lab:postgresqlVersion is $version, but $place holds stanza $name of PostgreSQL $holds ($backups); hint: keep $holds; docs/major-upgrade.md comes before the key changes"
  if [[ -n $wanted && $wanted != "$encrypted" ]]; then
    words=("$wanted" "$encrypted")
    [[ $key == lab:repositoryCipher ]] || words=("${cipher_of[$wanted]}" "${cipher_of[$encrypted]}")
    fail "$key is ${words[0]}, but $place holds stanza $name ($backups), for which it is ${words[1]}; hint: keep ${words[1]}; a repository is encrypted from its first file on, or never"
  fi
  [[ -n $wanted ]] ||
    echo "left behind: $HOSTNAME keeps stanza $name in $place ($backups)${added:+; $added gets a new full backup}; hint: pgbackrest --config=$(left_behind "$conf" "$place") --repo=${number_at[$place]} info, as user $account" >&2
}

main() {
  local conf=$1 account=$2 stanza=$3 version=$4 ciphers number place said added="" read=0 held=0 since passphrase
  local -A number_at=() is_wanted=() key_of=() cipher_of=([true]=aes-256-cbc [false]=none)
  local -a entry unread=()
  [[ -e $conf ]] || return 0
  ciphers=$(dirname "$conf")/conf.d/cipher.conf
  while read -r number place; do number_at[$place]=$number; done < <(repositories_in "$conf")
  shift 4
  for ((number = 1; $# > 0; number++)); do
    # A damaged file names no folder, and this step must not be what keeps `up` from replacing it.
    [[ -n $(repositories_in "$conf") ]] || number_at[$1]=$number
    [[ -v number_at[$1] ]] || added+="${added:+, }$1"
    is_wanted[$1]=$2 key_of[$1]=$3
    shift 3
  done
  # As in a backup's label.
  since=$(date +%Y%m%d-%H%M%S)
  for place in "${!number_at[@]}"; do
    passphrase=$(passphrase_in "$ciphers" "${number_at[$place]}")
    if ! said=$(read_repository "$account" "$stanza" "$conf" "${number_at[$place]}" "$place" "$passphrase"); then
      unread+=("$said")
      continue
    fi
    read=$((read + 1))
    [[ -n $said ]] || continue
    held=$((held + 1))
    mapfile -t entry <<<"$said"
    judge "$place" "${entry[0]}" "${entry[1]}" "${entry[2]-}" "$passphrase"
  done
  [[ $read != 0 ]] || fail "${unread[@]}"
  # It may be the one that is not wanted any more.
  [[ ${#unread[@]} == 0 ]] || complain "${unread[@]}"
  [[ -z $added || $held == 0 ]] || tr -d ',' <<<"$added" | xargs -n 1 | sed "s/\$/ $since/"
}

main "$@" </dev/null
