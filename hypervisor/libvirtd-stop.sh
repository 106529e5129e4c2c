#!/usr/bin/env bash
# Stops the private libvirtd NAMESPACE with all its processes, guests too, and removes their leftovers.
# usage: libvirtd-stop.sh NAMESPACE [--locked | STATE_FOLDER]    with STATE_FOLDER, its volumes and definitions are deleted as well
# Safe to run again: it stops what it finds.
set -euo pipefail

# This namespace's cgroup in every hierarchy.
cgroups() {
  local namespace=$1 mounted kind
  while read -r _ mounted kind _; do
    case $kind in cgroup | cgroup2) ;; *) continue ;; esac
    if [ -d "$mounted/lab/$namespace" ]; then echo "$mounted/lab/$namespace"; fi
  done </proc/self/mounts
}

end_processes() {
  local -a folders ids
  mapfile -t folders < <(cgroups "$1")
  [ "${#folders[@]}" -gt 0 ] || return 0
  for _ in {1..1200}; do
    mapfile -t ids < <(find "${folders[@]}" -name cgroup.procs -exec cat {} + | sort -u)
    if [ "${#ids[@]}" -gt 0 ]; then
      kill -KILL "${ids[@]}" 2>/dev/null || true
    elif find "${folders[@]}" -depth -type d -exec rmdir {} + 2>/dev/null; then
      rmdir --ignore-fail-on-non-empty "${folders[@]%/*}"
      return
    fi
    sleep 0.05
  done
  echo "processes of $1 cannot be killed: ${ids[*]}" >&2
  return 1
}

end_network() {
  local namespace=$1
  if [ -e "/run/netns/$namespace" ]; then
    # After a reboot it may be a plain file.
    ip netns delete "$namespace" 2>/dev/null || rm "/run/netns/$namespace"
  fi
  # `ip netns add` mounts the folder onto itself.
  if mountpoint -q /run/netns && [ -z "$(ls -A /run/netns)" ]; then
    umount /run/netns
    rmdir /run/netns
  fi
}

# The kernel releases a container's disk a moment after its last process.
await_disks() {
  local images=$1/lib/images
  [ -d "$images" ] || return 0
  for _ in {1..1200}; do
    if [ -z "$(loop_devices "$images")" ]; then return; fi
    sleep 0.05
  done
  echo "disks still in use: $(loop_devices "$images")" >&2
  return 1
}

# losetup prints a file's path as in another namespace, so inodes are compared.
loop_devices() {
  losetup --list --noheadings --raw --output NAME,BACK-INO |
    grep -wFf <(find "$1" -type f -printf ' %i\n') || true
}

main() {
  local namespace=$1 state=${2:-}
  local lock
  if [ "$state" = --locked ]; then
    state=
  else
    exec {lock}</run
    flock "$lock"
  fi
  end_processes "$namespace"
  end_network "$namespace"
  if [ -n "$state" ]; then
    await_disks "$state/libvirt"
    rm -rf --one-file-system "$state/libvirt"
    rm -f "$state/run"
  fi
  rm -rf --one-file-system "/run/lab/$namespace"
  if [ -d /run/lab ]; then rmdir --ignore-fail-on-non-empty /run/lab; fi
}

main "$@" </dev/null
