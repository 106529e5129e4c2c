#!/usr/bin/env bash
# Prints which packages wait for an update, a line each: KIND PACKAGE INSTALLED AVAILABLE. The kind is held, postgresql (postgresql$1 and its
# subpackages), security or other. Safe to run again: it reads the package lists anew, and installs nothing.
set -euo pipefail
source common/shell.sh
source common/zypper.sh
export LC_ALL=C

# Packages of which security patches conflict with older versions: "Conflicts   : openssl.x86_64 < 3-2", or a line of its own.
secured() {
  local patches
  mapfile -t patches < <(zypp list-patches --category security | awk -F ' *[|] *' '$3 == "security" { print $2 }')
  ((${#patches[@]} > 0)) || return 0
  zypp info --type patch "${patches[@]}" | sed -nE 's/^(Conflicts +:| +) *([^ ]+) < .*/\2/p' | sed -E 's/[.](x86_64|noarch)$//'
}

main() {
  local version=$1 said
  said=$(zypp refresh 2>&1) || fail "cannot read the package lists" "$said"
  {
    secured | sed 's/^/security /'
    # With those of repositories that go last, and with what is held.
    zypp list-updates --all | awk -F ' *[|] *' '$1 ~ /l/ { print "held", $3, $4, $5 }'
    zypp list-updates | awk -F ' *[|] *' '$1 ~ /^v/ { print "waits", $3, $4, $5 }'
  } | awk -v postgresql="^postgresql$version(-|$)" '
    $1 == "security" { security[$2] = 1 }
    $1 == "held" { print }
    $1 == "waits" { print ($2 ~ postgresql ? "postgresql" : $2 in security ? "security" : "other"), $2, $3, $4 }'
}

main "$@" </dev/null
