#!/usr/bin/env bash
# EL's packages.

# Sets up source $1: pgdg, whose repositories packages $2 set up, or mirror, whose lab.repo is there already.
add_source() {
  local source=$1 releases
  read -ra releases <<<"$2"
  [[ $source != pgdg ]] || dnf install -y "${releases[@]}"
  # EL's PostgreSQL module hides PGDG's packages.
  dnf -qy module disable postgresql
}

# Installs packages, $3…, from source $1 with $2.
install_from() {
  add_source "$1" "$2"
  dnf install -y "${@:3}"
}
