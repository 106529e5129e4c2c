#!/bin/sh
# Applies the seed on the disk or CD with label cidata, once for each instance-id that it names. A guest whose CD drive is empty at its
# first boot is one to be saved: it waits for its seed until it is restored as a host.
# Safe to run again: a seed that was applied is not applied again, and one that was taken away is not waited for.
set -eu

applied=/var/lib/lab/instance-id

# Whether there is a CD drive without a CD.
is_to_be_saved() {
  [ ! -e "$applied" ] && [ -b /dev/sr0 ] && ! dd if=/dev/sr0 of=/dev/null bs=2048 count=1 2>/dev/null
}

find_seed() {
  for _ in $(seq 50); do
    blkid -L cidata && return
    # After the first boot it may be gone for good.
    if [ -e "$applied" ]; then break; fi
    sleep 0.1
  done
  return 1
}

# Takes from a guest that was restored what all others have that are restored from the same: with the MAC address $1.
become_another() {
  # Random numbers that the seed is part of, from now on: RNDRESEEDCRNG (random(4)).
  perl -e 'open(my $random, ">", "/dev/urandom") or die; ioctl($random, 0x5207, 0) or die "random numbers: $!"'
  tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
  systemctl --no-block restart systemd-journald
  ip link set dev eth0 address "$1"
}

main() {
  # Nothing else loads a CD drive's driver here: udev is switched off.
  modprobe --all --quiet ata_piix sr_mod isofs || true
  restored=
  if is_to_be_saved; then
    lab-saved
    restored=yes
  else
    lab-saved --tear-ticket
  fi
  if ! disk=$(find_seed); then
    [ -e "$applied" ] && return
    echo "no disk with label cidata: a guest of the lab needs one at its first boot" >&2
    return 1
  fi
  mkdir -p /run/lab-seed "${applied%/*}"
  mount -o ro "$disk" /run/lab-seed
  instance='' mac='' last=''
  while IFS=': ' read -r key value; do
    case $key in
      instance-id) instance=$value ;;
      mac) mac=$value ;;
    esac
  done </run/lab-seed/meta-data
  if [ -e "$applied" ]; then read -r last <"$applied"; fi
  if [ "$instance" != "$last" ]; then
    lab-seed /run/lab-seed
    if [ -n "$restored" ]; then become_another "$mac"; fi
    echo "$instance" >"$applied"
  fi
  umount /run/lab-seed
  rmdir /run/lab-seed
}

main
