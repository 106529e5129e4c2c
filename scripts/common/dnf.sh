#!/usr/bin/env bash
# EL's packages.

# Installs packages $3… from source $1: pgdg, whose repositories packages $2 set up, or mirror, whose lab.repo is there already.
install_from() {
  local source=$1 releases
  read -ra releases <<<"$2"
  shift 2
  [[ $source != pgdg ]] || dnf install -y "${releases[@]}"
  # EL's PostgreSQL module hides PGDG's packages.
  dnf -qy module disable postgresql
  dnf install -y "$@"
}
