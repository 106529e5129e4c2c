#!/usr/bin/env bash
# libvirt calls this as hooks/lxc NAME OPERATION … with the domain on stdin: lets one container at a time take a loop device.
# libvirt_lxc 9 asks for a free device and then attaches it; if another process was faster, it fails: "Unable to attach … busy".
set -euo pipefail

# The device is the only one that all private libvirtds share. The lock is released when the last process closes it.
main() {
  local operation=$2 disk turn
  if [ "$operation" != start ]; then return; fi
  disk=$(sed -n "s/.*<source file='\([^']*\)'.*/\1/p")
  if [ ! -e "$disk" ]; then return; fi
  exec {turn}</dev/loop-control
  flock --timeout 10 "$turn"
  await_device "$disk" &>/dev/null </dev/null &
}

await_device() {
  for _ in {1..500}; do
    if [ -n "$(losetup --associated "$1")" ]; then return; fi
    sleep 0.01
  done
}

main "$@"
