#!/usr/bin/env bash
# Makes of the folder $1 the disk image $2, which libvirt_lxc mounts as a container's root.
set -euo pipefail

main() {
  local root=$1 image=$2
  truncate -s 4G "$image"
  mke2fs -q -t ext4 -m 0 -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$image"
}

main "$@" </dev/null
