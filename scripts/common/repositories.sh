#!/usr/bin/env bash
# The repositories in pgBackRest's configuration on the repository host.
source common/pgbackrest.sh
source common/shell.sh

# Those of file $1, a line each: number and path.
repositories_in() {
  sed -n 's/^repo\([0-9]*\)-path=/\1 /p' "$1" 2>/dev/null || true
}

# The number of the repository with path $2 in file $1; empty when there is none.
number_of() {
  repositories_in "$1" | awk -v path="$2" '$2 == path { print $1 }'
}

# The passphrase of repository $2 by file $1; empty when it is not encrypted.
passphrase_in() {
  sed -n "s/^repo$2-cipher-pass=//p" "$1" 2>/dev/null || true
}

# Name and PostgreSQL's version of stanza $4 in the repository in folder $2, and its backups, a line each, read as account $1 with passphrase $3
# where it is encrypted; of another one where it holds no such. Fails with a sentence, for the caller to tell.
read_stanza() {
  local info
  if [[ -n $3 ]]; then
    PGBACKREST_REPO1_CIPHER_PASS=$3
    export PGBACKREST_REPO1_CIPHER_TYPE=aes-256-cbc PGBACKREST_REPO1_CIPHER_PASS
  fi
  if ! info=$(repository_info "$1" "$2" 2>&1) || ! jq -r --arg stanza "$4" '
    map(select(.db[-1])) | sort_by(.name != $stanza)[0] // empty
    | .name, .db[-1].version, ([.backup[].label] | join(" "))' <<<"$info" 2>/dev/null; then
    printf '%s\n' "cannot read the repository in $2; hint: pgbackrest --no-config --repo1-path=$2 info, as user $1" "$info"
    return 1
  fi
}

# Where the configuration is kept with which pgBackRest reads the repository in folder $2 once file $1 no longer has it.
left_behind() {
  echo "$(dirname "$1")/left-behind/$(tr / - <<<"${2#/}").conf"
}

# Keeps file $2 with the passphrases of file $3 for the repository in folder $4, for account $1 alone.
keep_configuration() {
  local account=$1 conf=$2 ciphers=$3 kept
  kept=$(left_behind "$conf" "$4")
  mkdir -p "$(dirname "$kept")"
  (umask 077 && cat "$conf" >"$kept.new")
  [[ ! -e $ciphers ]] || cat "$ciphers" >>"$kept.new"
  chown "$account:$account" "$kept.new"
  mv --backup=numbered -T "$kept.new" "$kept"
}

# Puts configuration $2.next in place of $2, and with it the passphrases in conf.d. A repository that stays keeps its passphrase: with another
# one, nothing in it can be read. For one that goes, the old configuration is kept.
replace_configuration() {
  local account=$1 conf=$2 ciphers number path after
  ciphers=$(dirname "$conf")/conf.d/cipher.conf
  while read -r number path; do
    after=$(number_of "$conf.next" "$path")
    if [[ -z $after ]]; then
      keep_configuration "$account" "$conf" "$ciphers" "$path"
    elif [[ $(passphrase_in "$ciphers" "$number") != "$(passphrase_in "$ciphers.next" "$after")" ]]; then
      fail "another passphrase is configured than the one that repository $path is encrypted with; the old configuration stays; hint: lab:repositorySecrets"
    fi
  done < <(repositories_in "$conf")
  if [[ -e $ciphers.next ]]; then
    mv "$ciphers.next" "$ciphers"
  else
    rm -f "$ciphers"
  fi
  mv "$conf.next" "$conf"
}
