#!/usr/bin/env bash
# Makes of the folder $1 the disk image $2: one file system without partitions, started by extlinux, which reads no newer features of ext4.
set -euo pipefail

main() {
  local root=$1 image=$2
  truncate -s 4G "$image.raw"
  mke2fs -q -t ext4 -m 0 -O ^64bit,^metadata_csum -E lazy_itable_init=0 -d "$root" "$image.raw"
  mkdir -p "$image.mounted"
  # The mount ends with its namespace, whatever happens. The lock: see the hook of libvirt's containers.
  # shellcheck disable=SC2016
  unshare --mount bash -euc '
    flock /dev/loop-control mount -o loop "$1" "$2"
    extlinux --install "$2/boot"
    umount "$2"
  ' bash "$image.raw" "$image.mounted"
  qemu-img convert -O qcow2 "$image.raw" "$image"
}

main "$@" </dev/null
