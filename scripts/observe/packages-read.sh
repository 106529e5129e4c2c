#!/usr/bin/env bash
# Prints the installed versions of the packages $@, none where one is not installed, and what the package manager holds.
# Safe to run again: it only reads.
set -euo pipefail

version() {
  if command -v dpkg-query >/dev/null; then
    dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p'
  else
    # It tells on its standard output that a package is not there.
    rpm -q "$1" >/dev/null && rpm -q --qf '%{VERSION}-%{RELEASE}' "$1"
  fi
}

# A line each.
holds() {
  if command -v apt-mark >/dev/null; then
    apt-mark showhold
  else
    cat /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list 2>/dev/null || true
    sed -n 's/^solvable_name: //p' /etc/zypp/locks 2>/dev/null || true
  fi
}

main() {
  local package
  echo "==== installed"
  for package; do printf '%s %s\n' "$package" "$(version "$package" || true)"; done
  echo "==== holds"
  holds
}

main "$@" </dev/null
