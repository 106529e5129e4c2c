#!/usr/bin/env bash
# SLES's packages.

# Waits for another program at work on packages.
export ZYPP_LOCK_TIMEOUT=600

zypp() {
  zypper --quiet --non-interactive "$@"
}

# Sets up source $1 (pgdg, whose key and the package of whose repositories have the URLs in $2; mirror, whose lab.repo is there already), and
# reads what it has.
add_source() {
  local key package repositories
  if [[ $1 == pgdg ]]; then
    read -r key package <<<"$2"
    rpm --import "$key"
    zypp install "$package"
    # SLES has packages of the same names: those of the repositories with the lowest number are taken.
    mapfile -t repositories < <(sed -n 's/^\[\(pgdg.*\)]$/\1/p' /etc/zypp/repos.d/pgdg-sles-all.repo)
    zypp modifyrepo --priority 90 "${repositories[@]}"
  fi
  zypp refresh
}

# Prints those of these packages that are not installed: zypper would update the others.
not_installed() {
  local package
  for package; do rpm -q "$package" >/dev/null || echo "$package"; done
}

# Installs packages, with options of zypper's before them.
zypp_install() {
  zypp install --no-recommends "$@"
}

# Holds pgBackRest, at whatever version.
hold_pgbackrest() {
  zypp addlock pgbackrest
}

# Runs a command while pgBackRest is not held.
unheld() {
  local status=0
  zypp removelock pgbackrest
  "$@" || status=$?
  hold_pgbackrest
  return "$status"
}
