#!/usr/bin/env bash
# Prints which packages wait for an update, a line each: KIND PACKAGE INSTALLED AVAILABLE. The kind is held, postgresql (a package built from
# source postgresql-$1, to a version of PostgreSQL $1), security or other. Safe to run again: it reads the package lists anew, and installs
# nothing.
set -euo pipefail
source common/apt.sh
source common/shell.sh

main() {
  local version=$1 said
  said=$(update_lists 2>&1) || fail "cannot read the package lists" "$said"
  {
    apt-mark showhold | sed 's/^/held /'
    dpkg-query -W -f '${source:Package} ${Package}\n' | sed -n "s/^postgresql-$version /postgresql /p"
    # It warns that it is for people: its lines have been the same since apt 1.0. What is held is listed too.
    LC_ALL=C apt list --upgradable 2>/dev/null | sed -n 's|^\([^/]*\)/\(\S*\) \(\S*\) \S* \[upgradable from: \(.*\)]$|waits \1 \4 \3 \2|p'
  } | awk -v version="^${version}[.]" '
    $1 == "held" { held[$2] = 1 }
    $1 == "postgresql" { postgresql[$2] = 1 }
    $1 == "waits" {
      kind = $2 in held ? "held" : $2 in postgresql && $4 ~ version ? "postgresql" : $5 ~ /security/ ? "security" : "other"
      print kind, $2, $3, $4
    }'
}

main "$@" </dev/null
