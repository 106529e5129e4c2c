#!/usr/bin/env bash
# Running processes.

# Whether process $1 runs a program that a package has replaced.
is_outdated() {
  [[ $(readlink "/proc/$1/exe") == *' (deleted)' ]]
}
