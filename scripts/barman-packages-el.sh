#!/usr/bin/env bash
# Installs packages $3… (Barman, PostgreSQL's programs and what pg-backup-api needs) from source $1 (distribution, pgdg, or mirror,
# whose lab.repo is there already). Safe to run again: a host that has them already is left as it is.
set -euo pipefail

add_source() {
  local source=$1 release
  release=$(rpm -E %rhel)
  if [[ $source == pgdg ]]; then
    rpm -q pgdg-redhat-repo >/dev/null ||
      dnf install -y "https://download.postgresql.org/pub/repos/yum/reporpms/EL-$release-x86_64/pgdg-redhat-repo-latest.noarch.rpm"
    rpm -q epel-release >/dev/null || dnf install -y epel-release
  fi
  # EL 8's own PostgreSQL module hides PGDG's packages.
  [[ $release != 8 ]] || dnf -qy module disable postgresql
}

main() {
  local source=$1
  shift 2
  if ! rpm -q "$@" >/dev/null; then
    add_source "$source"
    dnf install -y "$@"
  fi
  barman --version
}

main "$@" </dev/null
