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
