#!/bin/sh
# Applies the NoCloud seed in FOLDER: host name, users with their keys, SSH host keys. Of cloud-config it reads what the lab writes: JSON.
# usage: lab-seed FOLDER
# Safe to run again: everything is set, nothing is added.
set -eu

# One run of jq, as it takes most of a second in an emulated guest: it turns the seed into calls of the functions below.
# shellcheck disable=SC2016 # the variables are jq's
to_calls='
  def words: if type == "array" then . elif type == "string" then split(",") else [] end;
  def lines: if type == "array" then . elif type == "string" then [.] else [] end | join("\n");
  [ "set_name", .hostname // $name ],
  [ "set_host_key", .ssh_deletekeys != false, .ssh_keys.ed25519_private // "", .ssh_keys.ed25519_public // "" ],
  [ "set_sshd", .ssh_pwauth == true, .disable_root != false ],
  ( .users // [] | .[] | objects | . as $user |
    [ "set_user", .name, .shell // "/bin/bash", .gecos // "", (.groups | words | map(gsub(" "; "")) | join(",")),
      (.sudo | lines), (.ssh_authorized_keys | lines), .lock_passwd != false ] )
  | @sh'

# The file appears whole, and is never readable by more than it should be.
put() {
  (umask 077 && printf '%s\n' "$3" >"$2.new")
  chmod "$1" "$2.new"
  mv "$2.new" "$2"
}

set_name() {
  put 0644 /etc/hostname "$1"
  hostname "$1"
}

set_host_key() {
  delete=$1 private=$2 public=$3
  if [ "$delete" = true ]; then rm -f /etc/ssh/ssh_host_*; fi
  if [ -n "$private" ]; then
    put 0600 /etc/ssh/ssh_host_ed25519_key "${private%"$newline"}"
    put 0644 /etc/ssh/ssh_host_ed25519_key.pub "${public%"$newline"}"
  elif [ ! -e /etc/ssh/ssh_host_ed25519_key ]; then
    ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_host_ed25519_key
  fi
}

set_sshd() {
  passwords=no root=prohibit-password
  if [ "$1" = true ]; then passwords=yes; fi
  if [ "$2" = true ]; then root=no; fi
  put 0644 /etc/ssh/sshd_config.d/lab-seed.conf "PasswordAuthentication $passwords${newline}PermitRootLogin $root"
}

set_user() {
  name=$1 shell=$2 gecos=$3 groups=$4 sudo=$5 keys=$6 locked=$7
  if id "$name" >/dev/null 2>&1; then
    usermod --shell "$shell" --comment "$gecos" ${groups:+--append --groups "$groups"} "$name"
    if [ "$locked" = true ]; then passwd --quiet --lock "$name"; fi
  else
    # A new user's password is locked.
    useradd --create-home --user-group --shell "$shell" --comment "$gecos" ${groups:+--groups "$groups"} "$name"
  fi
  if [ -n "$sudo" ]; then
    put 0440 "/etc/sudoers.d/90-lab-$name" "$(printf '%s\n' "$sudo" | sed "s/^/$name /")"
  else
    rm -f "/etc/sudoers.d/90-lab-$name"
  fi
  home=$(getent passwd "$name" | cut -d : -f 6)
  mkdir -p "$home/.ssh"
  put 0600 "$home/.ssh/authorized_keys" "$keys"
  chmod 0700 "$home/.ssh"
  chown -R "$name:" "$home/.ssh"
}

newline='
'
name=$(sed -n 's/^local-hostname: *//p' "$1/meta-data")
# The first line is `#cloud-config`.
calls=$(tail -n +2 "$1/user-data" | jq -r --arg name "$name" "$to_calls")
eval "$calls"
