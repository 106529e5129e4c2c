#!/usr/bin/env bash
# pgBackRest's version on this host.
source common/process.sh
source common/shell.sh

# Fails when another version of pgBackRest is installed: different versions refuse to talk to each other.
expect_pgbackrest() {
  local version
  version=$(pgbackrest version)
  [[ $version == "pgBackRest $1" ]] || fail "pgBackRest ${version#pgBackRest } is installed, but lab:pgbackrestVersion is $1; hint: set lab:pgbackrestVersion"
}

# Fails when a newer pgBackRest than $1 is installed.
refuse_downgrade() {
  local version
  version=$(pgbackrest version 2>/dev/null) || return 0
  version=${version#pgBackRest }
  [[ $(printf '%s\n' "$1" "$version" | sort -V | tail -n 1) == "$1" ]] ||
    fail "pgBackRest $version is installed and is not downgraded to $1, which may not read what $version has written; hint: set lab:pgbackrestVersion to $version"
}

# Restarts a server that still runs the program that a package has replaced: it refuses clients of the new version.
restart_outdated() {
  # Without a configuration there is no server yet.
  [[ -e /etc/pgbackrest/pgbackrest.conf ]] || return 0
  ! is_outdated "$(systemctl show -P MainPID pgbackrest)" || systemctl restart pgbackrest
}

# Fetches pgBackRest $1 from source $2 by command $3…, unless a newer one is installed. If it cannot be had, tells what the package manager said.
fetch_pgbackrest() {
  local said
  refuse_downgrade "$1"
  said=$("${@:3}" 2>&1) ||
    fail "pgBackRest $1 cannot be fetched; no host is upgraded; hint: lab:packages is $2: the host must reach it, and find this version there" \
      "$(grep -E '^(E|W|Err|Error|No match)' <<<"$said" || echo "$said")"
}
