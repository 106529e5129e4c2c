#!/bin/sh
# Applies the NoCloud seed in FOLDER: random numbers, host name, SSH host keys, users with their keys. Of cloud-config it reads what the
# lab writes: JSON.
# usage: lab-seed FOLDER
# Safe to run again: everything is set, nothing is added.
set -eu

# One run of jq, as it takes most of a second in an emulated guest: it turns the seed into calls of the functions below.
# shellcheck disable=SC2016 # the variables are jq's
to_calls='
  def words: if type == "array" then . elif type == "string" then split(",") else [] end;
  def lines($before): if type == "array" then . elif type == "string" then [.] else [] end | map($before + .) | join("\n");
  [ "mix_random", .random_seed.data // "" ],
  [ "set_name", .hostname // $name ],
  [ "set_host_key", .ssh_deletekeys != false, .ssh_keys.ed25519_private // "", .ssh_keys.ed25519_public // "" ],
  [ "set_sshd", .ssh_pwauth == true, .disable_root != false ],
  ( .users // [] | .[] | objects | . as $user |
    [ "set_user", .name, .shell // "/bin/bash", .gecos // "", (.groups | words | map(gsub(" "; "")) | join(",")),
      (.sudo | lines($user.name + " ")), (.ssh_authorized_keys | lines("")), .lock_passwd != false ] )
  | @sh'

# A process costs an emulated guest a tenth of a second at first: the shell does what it can do itself.

# Writes a file, which is never readable by more than it should be. usage: put UMASK FILE TEXT
put() {
  [ ! -e "$2" ] || rm -f "$2"
  umask "$1"
  printf '%s\n' "$3" >"$2"
  umask 022
}

mix_random() {
  printf '%s' "$1" >/dev/urandom
}

set_name() {
  put 022 /etc/hostname "$1"
  hostname "$1"
}

set_host_key() {
  delete=$1 private=$2 public=$3
  if [ "$delete" = true ]; then
    for key in /etc/ssh/ssh_host_*; do [ ! -e "$key" ] || rm -f "$key"; done
  fi
  if [ -n "$private" ]; then
    put 077 /etc/ssh/ssh_host_ed25519_key "${private%"$newline"}"
    put 022 /etc/ssh/ssh_host_ed25519_key.pub "${public%"$newline"}"
  elif [ ! -e /etc/ssh/ssh_host_ed25519_key ]; then
    ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_host_ed25519_key
  fi
}

set_sshd() {
  passwords=no root=prohibit-password
  if [ "$1" = true ]; then passwords=yes; fi
  if [ "$2" = true ]; then root=no; fi
  put 022 /etc/ssh/sshd_config.d/lab-seed.conf "PasswordAuthentication $passwords${newline}PermitRootLogin $root"
}

set_user() {
  name=$1 shell=$2 gecos=$3 groups=$4 sudo=$5 keys=$6 locked=$7 home=''
  while IFS=: read -r known _ _ _ known_gecos known_home known_shell; do
    if [ "$known" = "$name" ]; then home=$known_home same=$known_gecos:$known_shell; fi
  done </etc/passwd
  if [ -z "$home" ]; then
    # There is no password. Without PAM, sshd lets nobody in whose password is locked.
    useradd --password '*' --create-home --user-group --shell "$shell" --comment "$gecos" ${groups:+--groups "$groups"} "$name"
    home=$(getent passwd "$name" | cut -d : -f 6)
  else
    if [ "$same" != "$gecos:$shell" ] || [ -n "$groups" ]; then
      usermod --shell "$shell" --comment "$gecos" ${groups:+--append --groups "$groups"} "$name"
    fi
    if [ "$locked" = true ] && has_password "$name"; then usermod --password '*' "$name"; fi
  fi
  if [ -n "$sudo" ]; then
    put 337 "/etc/sudoers.d/90-lab-$name" "$sudo"
  elif [ -e "/etc/sudoers.d/90-lab-$name" ]; then
    rm "/etc/sudoers.d/90-lab-$name"
  fi
  put_keys "$home/.ssh" "$keys" "$name"
}

has_password() {
  while IFS=: read -r known password _; do
    if [ "$known" = "$1" ]; then [ "$password" != '*' ] && return; fi
  done </etc/shadow
  return 1
}

# The file that a new user's home has from /etc/skel is the user's own, and so is what is written into it.
put_keys() {
  if [ -e "$1/authorized_keys" ]; then
    printf '%s\n' "$2" >"$1/authorized_keys"
  else
    mkdir -p "$1"
    put 077 "$1/authorized_keys" "$2"
    chown -R "$3:" "$1"
    chmod 0700 "$1"
  fi
}

newline='
'
while IFS=': ' read -r key value; do
  if [ "$key" = local-hostname ]; then name=$value; fi
done <"$1/meta-data"
# The first line is `#cloud-config`.
calls=$(tail -n +2 "$1/user-data" | jq -r --arg name "$name" "$to_calls")
eval "$calls"
