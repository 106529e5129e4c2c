#!/usr/bin/env bash
# Builds IMAGE, a Debian CODENAME as its cloud images are: GPT with a BIOS boot partition and a root partition, GRUB, Debian's kernel,
# systemd and cloud-init, and nothing of the lab's, unless it is there by the recipe with this HASH. apt's source lines arrive on stdin;
# none means the bootstrapper's own.
# usage: build.sh CODENAME HASH IMAGE
# Safe to run again and side by side: IMAGE appears whole, by renaming. In a mount namespace of its own, no mount outlives it.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")

packages=(
  linux-image-cloud-amd64 initramfs-tools grub-pc-bin grub2-common
  systemd-sysv systemd-resolved systemd-timesyncd dbus udev netplan.io
  cloud-init cloud-guest-utils openssh-server sudo ca-certificates unattended-upgrades
  curl iproute2 iputils-ping less locales netbase procps vim-tiny
)

# In sectors of 512 bytes. The root partition ends beyond 8 GiB.
boot_start=2048
root_start=8192
disk_sectors=$((10 * 1024 * 1024 * 2))

make_root() {
  local codename=$1 root=$2
  local -a sources=()
  apt-config dump --format '%f "%v";%n' Acquire | grep -E '^Acquire::(https?|Check-)[^ ]* "[^"]+";$' >"$root.transport" || true
  cat >"$root.list"
  if [ -s "$root.list" ]; then sources=("$root.list"); fi
  mmdebstrap --mode=root --variant=minbase --components=main --format=directory \
    --include="$(
      IFS=,
      echo "${packages[*]}"
    )" \
    --aptopt="$root.transport" --dpkgopt=force-unsafe-io \
    --customize-hook="bash '$here/customize.sh' \"\$1\"" \
    "$codename" "$root" "${sources[@]}"
  rm "$root"/etc/{apt/apt.conf.d,dpkg/dpkg.cfg.d}/99mmdebstrap
}

# Prints a number as bytes $2 of them, least significant first.
little_endian() {
  local number=$1 byte
  for ((byte = 0; byte < $2; byte++)); do printf '%b' "\\x$(printf %02x $((number >> 8 * byte & 255)))"; done
}

write_at() {
  dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# GRUB where a BIOS starts it, as grub-bios-setup puts it, which needs a block device: the boot sector before the partition table and, in
# the BIOS boot partition, the core, whose first sector loads the others.
install_grub() {
  local root=$1 disk=$2 modules=$1/usr/lib/grub/i386-pc
  install -d "$root/boot/grub/i386-pc"
  install -m 0644 "$modules"/*.mod "$modules"/*.lst "$root/boot/grub/i386-pc"
  chroot "$root" grub-mkimage --format=i386-pc --prefix='(hd0,gpt1)/boot/grub' --output=/core.img biosdisk part_gpt ext2
  head -c 440 "$modules/boot.img" | write_at "$disk" 0
  little_endian "$boot_start" 8 | write_at "$disk" $((0x5c))
  # The drive that the BIOS names is a disk.
  printf '\x90\x90' | write_at "$disk" $((0x66))
  write_at "$disk" $((boot_start * 512)) <"$root/core.img"
  little_endian $((boot_start + 1)) 8 | write_at "$disk" $((boot_start * 512 + 0x1f4))
  rm "$root/core.img"
}

# The last partition is the first by number, as in Debian's: it grows.
make_disk() {
  local root=$1 disk=$2 id sectors=$((disk_sectors - root_start - 2048))
  id=$(cat /proc/sys/kernel/random/uuid)
  truncate -s $((disk_sectors * 512)) "$disk"
  sfdisk --quiet "$disk" <<END
label: gpt
disk14 : start=$boot_start, size=$((root_start - boot_start)), type=21686148-6449-6E6F-744E-656564454649
disk1 : start=$root_start, size=$sectors, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=$id
END
  install_grub "$root" "$disk"
  bash "$here/grub-menu.sh" "$root" "$id" >"$root/boot/grub/grub.cfg"
  echo "PARTUUID=$id / ext4 rw,discard,errors=remount-ro 0 1" >"$root/etc/fstab"
  mke2fs -q -t ext4 -E offset=$((root_start * 512)) -d "$root" "$disk" $((sectors / 2))k
}

main() {
  local codename=$1 hash=$2 image=$3 scratch=$3.parts lock
  mkdir -p "$(dirname "$image")"
  exec {lock}<"$(dirname "$image")"
  flock "$lock"
  if [ -e "$image" ] && [ "$(cat "$image.recipe" 2>/dev/null)" = "$hash" ]; then return; fi
  rm -rf --one-file-system "$scratch" "$image.recipe"
  mkdir -m 0700 "$scratch"
  make_root "$codename" "$scratch/root"
  make_disk "$scratch/root" "$scratch/disk"
  qemu-img convert -O qcow2 "$scratch/disk" "$scratch/image"
  mv "$scratch/image" "$image"
  echo "$hash" >"$image.recipe"
  rm -rf --one-file-system "$scratch"
}

main "$@"
