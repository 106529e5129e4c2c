#!/usr/bin/env bash
# Prints as JSON the installed versions of the packages $@, and whether the package manager holds them; an empty version where one is
# not installed. Safe to run again: it only reads.
set -euo pipefail

version() {
  if command -v dpkg-query >/dev/null; then
    dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p'
  else
    rpm -q --qf '%{VERSION}-%{RELEASE}' "$1" 2>/dev/null || true
  fi
}

held() {
  if command -v apt-mark >/dev/null; then
    apt-mark showhold | grep -qx "$1"
  else
    grep -q "$1" /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list 2>/dev/null
  fi
}

main() {
  local package held
  for package; do
    held=false
    ! held "$package" || held=true
    jq -n --arg package "$package" --arg version "$(version "$package" || true)" --argjson held "$held" \
      '{($package): {version: $version, held: $held}}'
  done | jq -s 'add // {}'
}

main "$@" </dev/null
