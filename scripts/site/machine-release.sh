#!/usr/bin/env bash
# Gives a machine back that stack $1 has: stops and disables what was installed ($2…: units), lets package managers update it again, and forgets
# the names of the other hosts. A cluster that was adopted runs on, as it was before. Data, repositories, backups and configuration stay. Safe to run again: another stack's machine is left alone.
set -euo pipefail
source common/adoption-end.sh
source common/adoption.sh
source common/machine.sh

# Lets the package manager update pgBackRest again.
unhold() {
  if command -v apt-mark; then
    apt-mark unhold pgbackrest
  elif command -v dnf; then
    dnf versionlock delete pgbackrest
  elif command -v zypper; then
    zypper removelock pgbackrest
  fi >/dev/null
}

# Stops unit $1, which starts no more by itself: Debian's clusters are enabled by a file of theirs.
retire() {
  local cluster=${1#postgresql@}
  systemctl cat "$1" >/dev/null 2>&1 || return 0
  systemctl disable --quiet --now "$1"
  cluster=/etc/postgresql/${cluster%%-*}/${cluster#*-}
  [[ ! -e ${cluster%.service}/start.conf ]] || echo manual >"${cluster%.service}/start.conf"
}

main() {
  local unit
  [[ $(owner) == "$1" ]] || return 0
  for unit in "${@:2}"; do is_adopted "$unit" || retire "$unit"; done
  [[ ! -e $ADOPTED ]] || end_adoption
  systemctl daemon-reload
  unhold
  sed -i '/ # a host of the lab$/d' /etc/hosts
  rm "$OWNER_NOTE"
}

main "$@" </dev/null
