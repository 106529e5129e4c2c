#!/usr/bin/env bash
# The repositories in pgBackRest's configuration on the repository host.
source common/pgbackrest.sh
source common/shell.sh

# Those of file $1, a line each: number and place, which is a folder on this host, or TYPE://STORE/FOLDER.
repositories_in() {
  awk -F= '
    match($1, /^repo[0-9]+-/) { number = substr($1, 5, RLENGTH - 5); option = substr($1, RLENGTH + 1) }
    option == "path" { path[number] = $2; order[++count] = number }
    option == "type" { type[number] = $2 "://" }
    option ~ /^(s3-bucket|gcs-bucket|sftp-host|azure-account)$/ { store[number] = $2 }
    option == "azure-container" { container[number] = "/" $2 }
    { option = "" }
    END { for (i = 1; i <= count; i++) { n = order[i]; print n, type[n] store[n] container[n] path[n] } }' "$1" 2>/dev/null || true
}

# The number of the repository at place $2 in file $1; empty when there is none.
number_of() {
  repositories_in "$1" | awk -v place="$2" '$2 == place { print $1 }'
}

# The passphrase of repository $2 by file $1; empty when it is not encrypted.
passphrase_in() {
  sed -n "s/^repo$2-cipher-pass=//p" "$1" 2>/dev/null || true
}

# Name and PostgreSQL's version of stanza $2 in pgBackRest's info $1, and its backups, a line each; of another one where it tells of no such.
# Fails where a store did not answer: that is told in the answer.
stanza_in() {
  jq -re --arg stanza "$2" '
    if any(.[]; .name == "[invalid]") then error else map(select(.db[-1])) | sort_by(.name != $stanza)[0] end
    | if . == null then "" else .name, .db[-1].version, ([.backup[].label] | join(" ")) end' <<<"$1" 2>/dev/null
}

# The same of the repository at place $5, number $4 of configuration $3, read as account $1: a folder with passphrase $6 where it is encrypted.
# Fails with a sentence, for the caller to tell.
read_repository() {
  local info said asked=(repository_info "$1" "$5") words="--no-config --repo1-path=$5 info"
  if [[ $5 == *://* ]]; then
    asked=(store_info "$1" "$3" "$4") words="--repo=$4 info"
  elif [[ -n $6 ]]; then
    PGBACKREST_REPO1_CIPHER_PASS=$6
    export PGBACKREST_REPO1_CIPHER_TYPE=aes-256-cbc PGBACKREST_REPO1_CIPHER_PASS
  fi
  if ! info=$("${asked[@]}" 2>&1) || [[ -z $info ]] || ! stanza_in "$info" "$2"; then
    said=$(jq -re '.[0].repo[0].status.message' <<<"$info" 2>/dev/null) || said=$info
    printf '%s\n' "cannot read the repository in $5; hint: pgbackrest $words, as user $1" "${said:-it does not answer within a minute}"
    return 1
  fi
}

# Where the configuration is kept with which pgBackRest reads the repository at place $2 once file $1 no longer has it.
left_behind() {
  echo "$(dirname "$1")/left-behind/$(tr -s :/ - <<<"${2#/}").conf"
}

# Keeps file $2 with the passphrases of file $3 for the repository at place $4, for account $1 alone.
keep_configuration() {
  local account=$1 conf=$2 ciphers=$3 kept
  kept=$(left_behind "$conf" "$4")
  mkdir -p "$(dirname "$kept")"
  (umask 077 && cat "$conf" >"$kept.new")
  [[ ! -e $ciphers ]] || cat "$ciphers" >>"$kept.new"
  chown "$account:$account" "$kept.new"
  mv --backup=numbered -T "$kept.new" "$kept"
}

# Whether a repository of file $1, with its secrets in conf.d, is reached otherwise by $1.next, or goes.
moves_repository() {
  local secrets
  secrets=$(dirname "$1")/conf.d/cipher.conf
  [[ ! -e $secrets ]] || cmp -s "$secrets" "$secrets.next" || return 0
  grep -qvxFf "$1.next" < <(grep -E '^repo[0-9]+-(type|path|(s3|azure|gcs|sftp|storage)-.*)=' "$1" 2>/dev/null)
}

# Puts configuration $2.next in place of $2, and with it the passphrases in conf.d. A repository that stays keeps its passphrase: with another
# one, nothing in it can be read. For one that goes, the old configuration is kept.
replace_configuration() {
  local account=$1 conf=$2 ciphers number place after
  ciphers=$(dirname "$conf")/conf.d/cipher.conf
  while read -r number place; do
    after=$(number_of "$conf.next" "$place")
    if [[ -z $after ]]; then
      keep_configuration "$account" "$conf" "$ciphers" "$place"
    elif [[ $(passphrase_in "$ciphers" "$number") != "$(passphrase_in "$ciphers.next" "$after")" ]]; then
      fail "another passphrase is configured than the one that repository $place is encrypted with; the old configuration stays; hint: lab:repositorySecrets"
    fi
  done < <(repositories_in "$conf")
  if [[ -e $ciphers.next ]]; then
    mv "$ciphers.next" "$ciphers"
  else
    rm -f "$ciphers"
  fi
  mv "$conf.next" "$conf"
}
