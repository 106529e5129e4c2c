#!/usr/bin/env bash
# Puts into the new guest root $1 the lab's own files, among them those that packages must find when they are installed.
set -euo pipefail

main() {
  local root=$1 kind=$2 here part script
  here=$(dirname "$(readlink -f "$0")")
  umask 022
  mkdir -p "$root/usr/local/sbin"
  for part in common "$kind"; do
    if [ -d "$here/$part/root" ]; then cp -r --no-preserve=mode,ownership "$here/$part/root/." "$root"; fi
    for script in "$here/$part"/lab-*.sh; do
      install -m 0755 "$script" "$root/usr/local/sbin/$(basename "$script" .sh)"
    done
  done
}

main "$@" </dev/null
