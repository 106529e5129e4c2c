#!/usr/bin/env bash
# Requirements on the host.
source common/shell.sh

# Fails on another system than "el8: rocky almalinux rhel 8": a family, the IDs in os-release, the beginning of its version. A release to
# come has no number, only a name.
expect_system() {
  local family=${1%%:*} ids=" ${1#*: } " version=${1##* } ID VERSION_ID="" VERSION_CODENAME="" PRETTY_NAME
  # shellcheck source=/dev/null
  source /etc/os-release
  [[ $ids == *" $ID "* && ${VERSION_ID:-$VERSION_CODENAME}. == "$version".* ]] ||
    fail "lab:family is $family, but the system is $PRETTY_NAME; hint: set lab:family or lab:imagePath"
}

# Fails when another version of pgBackRest is installed: different versions refuse to talk to each other.
expect_pgbackrest() {
  local version
  version=$(pgbackrest version)
  [[ $version == "pgBackRest $1" ]] || fail "pgBackRest ${version#pgBackRest } is installed, but lab:pgbackrestVersion is $1; hint: set lab:pgbackrestVersion"
}
