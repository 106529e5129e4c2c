#!/usr/bin/env bash
# Installs pg-backup-api as a package in format $1 (deb, rpm): version $2 from EDB's repository with the token on stdin, or, without $2, the
# file on stdin (base64). $3 are the possible sources. Safe to run again: EDB's script sets up its repository again.
set -euo pipefail
source common/shell.sh

# Unit and configuration of an earlier virtual environment would take precedence over the package's.
forget_environment() {
  local unit=/etc/systemd/system/pg-backup-api.service
  ! grep -qs /usr/local/lib/pg-backup-api/ "$unit" || rm "$unit" /etc/pg-backup-api-config.py
}

# The token goes to curl as configuration: arguments are in the process list. The script runs only after a complete download.
add_repository() {
  local format=$1 token=$2 setup=$3
  [[ $token =~ ^[A-Za-z0-9_-]+$ ]] ||
    fail "the token of the EDB account must consist of letters, digits, _ and -; hint: see the file that lab:backupApiTokenFile names"
  printf 'url = "https://downloads.enterprisedb.com/%s/enterprise/setup.%s.sh"\n' "$token" "$format" |
    curl --config - --fail --silent --show-error --max-time 60 --output "$setup" ||
    fail "EDB's repository cannot be set up; hint: lab:backupApiSource may be $ways"
  bash "$setup" </dev/null || fail "EDB's script that sets up its repository fails"
}

install_package() {
  export DEBIAN_FRONTEND=noninteractive
  if [[ $1 == deb ]]; then
    apt-get install -y --no-install-recommends "$2"
  elif [[ -n $(type -P zypper) ]]; then
    # A package that the user vouches for, as by the others.
    zypper --non-interactive install --allow-unsigned-rpm "$2"
  else
    dnf install -y "$2"
  fi
}

main() {
  local format=$1 version=$2 ways=$3 given wanted
  given=$(cat)
  # Not local: for the trap.
  folder=$(mktemp -d)
  trap 'rm -r "$folder"' EXIT
  forget_environment
  if [[ -n $version ]]; then
    wanted=$([[ $format == deb ]] && echo "pg-backup-api=$version*" || echo "pg-backup-api-$version*")
    add_repository "$format" "$given" "$folder/setup.sh"
  else
    wanted=$folder/pg-backup-api.$format
    base64 -d <<<"$given" >"$wanted"
  fi
  install_package "$format" "$wanted" ||
    fail "pg-backup-api cannot be installed as a package; hint: lab:backupApiSource may be $ways"
}

# What follows on stdin is data.
{
  main "$@"
  exit
}
