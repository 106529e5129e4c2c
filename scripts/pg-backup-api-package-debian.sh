#!/usr/bin/env bash
# Installs pg-backup-api as a package: the file on stdin (base64), or, when there is a version $1, that one from EDB's repository with
# the token on stdin. $2 are the ways to get it. Safe to run again: a repository is added once, a package that is there stays.
set -euo pipefail

# The unit and the configuration of an environment that was there before would stand in the way of the package's.
forget_environment() {
  local unit=/etc/systemd/system/pg-backup-api.service
  ! grep -qs /usr/local/lib/pg-backup-api/ "$unit" || rm "$unit" /etc/pg-backup-api-config.py
}

from_repository() {
  local version=$1 token=$2
  # As curl's configuration: its arguments are in the process list.
  compgen -G '/etc/apt/sources.list.d/enterprisedb*' >/dev/null ||
    curl --config - --fail --silent --show-error --max-time 60 <<<"url = \"https://downloads.enterprisedb.com/$token/enterprise/setup.deb.sh\"" | bash
  apt-get install -y --no-install-recommends "pg-backup-api=$version*"
}

from_file() {
  # Not local: for the trap.
  folder=$(mktemp -d)
  trap 'rm -r "$folder"' EXIT
  base64 -d <<<"$1" >"$folder/pg-backup-api.deb"
  apt-get install -y --no-install-recommends "$folder/pg-backup-api.deb"
}

main() {
  local version=$1 ways=$2 given
  export DEBIAN_FRONTEND=noninteractive
  given=$(cat)
  forget_environment
  if [[ -n $version ]]; then from_repository "$version" "$given"; else from_file "$given"; fi || {
    echo "pg-backup-api cannot be installed as a package; lab:backupApiSource may be $ways" >&2
    return 1
  }
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
