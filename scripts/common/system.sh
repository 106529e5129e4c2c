#!/usr/bin/env bash
# What the host must be.
source common/shell.sh

# Ends a step on another system than was said, such as "el8: rocky almalinux rhel 8": a family, os-release's IDs, its version's beginning.
expect_system() {
  local family=${1%%:*} ids=" ${1#*: } " version=${1##* } ID VERSION_ID PRETTY_NAME
  # shellcheck source=/dev/null
  source /etc/os-release
  [[ $ids == *" $ID "* && $VERSION_ID. == "$version".* ]] ||
    fail "lab:family is $family, but the system is $PRETTY_NAME; hint: set lab:family or lab:imagePath"
}

# Ends a step where pgBackRest is of another version: other versions refuse to talk to each other.
expect_pgbackrest() {
  local version
  version=$(pgbackrest version)
  [[ $version == "pgBackRest $1" ]] || fail "pgBackRest must be of version $1, is ${version#pgBackRest }; hint: set lab:pgbackrestVersion"
}
