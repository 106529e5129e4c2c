#!/usr/bin/env bash
# Makes SAVED, the memory of a guest that has booted from IMAGE and waits for its seed, unless it is there by this HASH of what it is for.
# IMAGE becomes the disk that belongs to it. The guest runs on the libvirt of URI.
# usage: guest-save.sh URI IMAGE SAVED MEMORY_MIB CPUS HASH
# Safe to run again and side by side: one at a time works on an image; a memory never stands beside a disk that is not its own.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
guest=lab-guest-to-save

# The image too: built anew, it is another disk.
stamp() {
  echo "$1 $(stat -c '%i %s %y' "$2")"
}

is_waiting() {
  grep -q 'ready to be saved' "$1/console" 2>/dev/null
}

boot() {
  local uri=$1 folder=$2 memory=$3 cpus=$4
  sed "s|@FOLDER@|$folder|; s|@MEMORY@|$memory|; s|@CPUS@|$cpus|" "$here/libvirt/guest-to-save.xml" |
    virsh -q -c "$uri" create /dev/stdin
  for _ in {1..3000}; do
    if is_waiting "$folder"; then return; fi
    sleep 0.1
  done
  echo "the guest to be saved did not boot; its console:" >&2
  tail -n 20 "$folder/console" >&2
  return 1
}

clean_up() {
  virsh -q -c "$1" destroy "$guest" &>/dev/null || true
  rm -rf "$2"
}

main() {
  local image=$2 saved=$3 memory=$4 cpus=$5 hash=$6
  local lock
  uri=$1
  scratch=$image.save
  exec {lock}>"$image.lock"
  flock "$lock"
  if [ -e "$saved" ] && [ "$(cat "$saved.recipe" 2>/dev/null)" = "$(stamp "$hash" "$image")" ]; then return; fi

  echo "booting the guest"
  clean_up "$uri" "$scratch"
  trap 'clean_up "$uri" "$scratch"' EXIT
  mkdir -m 0700 "$scratch"
  qemu-img create -q -f qcow2 -b "$image" -F qcow2 "$scratch/disk"
  boot "$uri" "$scratch" "$memory" "$cpus" {lock}<&-
  echo "saving it"
  virsh -q -c "$uri" save "$guest" "$scratch/memory"
  qemu-img convert -O qcow2 "$scratch/disk" "$scratch/image"

  rm -f "$saved" "$saved.recipe"
  # It is the image that was built, which has booted once.
  mv "$scratch/image" "$image"
  mv "$scratch/memory" "$saved"
  stamp "$hash" "$image" >"$scratch/recipe"
  mv "$scratch/recipe" "$saved.recipe"
}

main "$@" </dev/null
