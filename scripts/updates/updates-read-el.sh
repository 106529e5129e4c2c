#!/usr/bin/env bash
# Prints which packages wait for an update, a line each: KIND PACKAGE INSTALLED AVAILABLE. The kind is held, postgresql (postgresql$1 and its
# subpackages), security or other. Safe to run again: it reads the package lists anew, and installs nothing.
set -euo pipefail

# Packages that wait, "NAME VERSION-RELEASE", with further options of dnf's.
waiting() {
  dnf -q repoquery --upgrades --latest-limit=1 --qf '%{name} %{version}-%{release}' "$@"
}

main() {
  local version=$1
  {
    waiting | sed 's/^/unlocked /'
    waiting --security | sed 's/^/security /'
    rpm -qa --qf 'installed %{NAME} %{VERSION}-%{RELEASE}\n'
    waiting --disableplugin=versionlock | sed 's/^/waits /'
  } | awk -v postgresql="^postgresql$version(-|$)" '
    $1 == "unlocked" { unlocked[$2] = 1 }
    $1 == "security" { security[$2] = 1 }
    $1 == "installed" { installed[$2] = $3 }
    $1 == "waits" {
      print (!($2 in unlocked) ? "held" : $2 ~ postgresql ? "postgresql" : $2 in security ? "security" : "other"), $2, installed[$2], $3
    }'
}

main "$@" </dev/null
