#!/usr/bin/env bash
# Prints GRUB's menu for the root $1 on the partition $2: its kernel, with a serial console beside the screen.
set -euo pipefail

main() {
  local root=$1 partition=$2 version
  version=$(basename "$root"/boot/vmlinuz-*)
  version=${version#vmlinuz-}
  cat <<END
set timeout=0
insmod part_gpt
insmod ext2
menuentry "Debian GNU/Linux" {
  linux /boot/vmlinuz-$version root=PARTUUID=$partition ro console=tty0 console=ttyS0,115200
  initrd /boot/initrd.img-$version
}
END
}

main "$@" </dev/null
