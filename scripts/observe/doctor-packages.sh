#!/usr/bin/env bash
# Prints as JSON the installed versions of the packages $@, and whether the package manager holds them; an empty version where one is
# not installed. Safe to run again: it only reads.
set -euo pipefail

version() {
  if command -v dpkg-query >/dev/null; then
    dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p'
  else
    # It tells on its standard output that a package is not there.
    rpm -q "$1" >/dev/null && rpm -q --qf '%{VERSION}-%{RELEASE}' "$1"
  fi
}

# The packages that are held, a line each. Asked for once: it takes an emulated host seconds.
held() {
  if command -v apt-mark >/dev/null; then
    apt-mark showhold
  else
    cat /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list 2>/dev/null || true
  fi
}

main() {
  local package holds
  holds=$(held)
  for package; do
    printf '%s %s\n' "$package" "$(version "$package" || true)"
  done | jq -Rn --arg holds "$holds" '
    ($holds | split("\n")) as $held |
    [inputs | split(" ") | .[0] as $name | {($name): {version: (.[1] // ""),
      held: any($held[]; . == $name or startswith($name + "-") or startswith("!" + $name))}}] | add // {}'
}

main "$@" </dev/null
