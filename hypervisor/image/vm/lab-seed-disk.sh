#!/bin/sh
# Applies the seed on the disk or CD with label cidata, once for each instance-id that it names.
# Safe to run again: a seed that was applied is not applied again, and one that was taken away is not waited for.
set -eu

applied=/var/lib/lab/instance-id

find_seed() {
  # Nothing else loads a CD drive's driver here: udev is switched off.
  modprobe --all --quiet ata_piix sr_mod isofs || true
  for _ in $(seq 50); do
    blkid -L cidata && return
    # After the first boot it may be gone for good.
    if [ -e "$applied" ]; then break; fi
    sleep 0.1
  done
  return 1
}

main() {
  if ! disk=$(find_seed); then
    [ -e "$applied" ] && return
    echo "no disk with label cidata: a guest of the lab needs one at its first boot" >&2
    return 1
  fi
  mkdir -p /run/lab-seed "${applied%/*}"
  mount -o ro "$disk" /run/lab-seed
  instance=$(sed -n 's/^instance-id: *//p' /run/lab-seed/meta-data)
  if [ "$instance" != "$(cat "$applied" 2>/dev/null)" ]; then
    lab-seed /run/lab-seed
    echo "$instance" >"$applied"
  fi
  umount /run/lab-seed
  rmdir /run/lab-seed
}

main
