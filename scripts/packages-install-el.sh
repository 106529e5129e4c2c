#!/usr/bin/env bash
# Installs pgBackRest, exactly version $3 and held, and on a server ($5) PostgreSQL $4, from source $1 (distribution, pgdg, or mirror,
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
  local source=$1 pgbackrest=$3 postgresql=$4 part=$5
  local packages=("pgbackrest-$pgbackrest" openssl jq)
  [[ $part == client ]] || packages+=("postgresql$postgresql-server" "postgresql$postgresql-contrib")
  if ! rpm -q "${packages[@]}" >/dev/null; then
    add_source "$source"
    dnf install -y "${packages[@]}" 'dnf-command(versionlock)'
  fi
  dnf versionlock add "pgbackrest-$pgbackrest" >/dev/null
  [[ $(pgbackrest version) == "pgBackRest $pgbackrest" ]]
}

main "$@" </dev/null
