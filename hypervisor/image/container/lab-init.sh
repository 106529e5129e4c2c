#!/bin/sh
# PID 1 of a libvirt-LXC guest: applies the seed that the domain's <initenv> holds, enters cgroups of its own, becomes systemd.
# libvirt_lxc 9 shows a guest the cgroups of all guests, writable; a cgroup namespace on a group of its own keeps systemd to itself.
set -eu
export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin

# systemd takes a mounted /run as it is. The seed holds a private key and is never on a disk here.
apply_seed() {
  mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
  mkdir -m 0700 /run/lab-seed
  echo "${LAB_META_DATA:?}" | base64 -d >/run/lab-seed/meta-data
  echo "${LAB_USER_DATA:?}" | base64 -d >/run/lab-seed/user-data
  unset LAB_META_DATA LAB_USER_DATA
  lab-seed /run/lab-seed
  rm -r /run/lab-seed
}

mount_hierarchy() {
  case $1 in
    unified) mount -t cgroup2 -o nosuid,nodev,noexec cgroup "$2" ;;
    name=*) mount -t cgroup -o "nosuid,nodev,noexec,none,$1" cgroup "$2" ;;
    *) mount -t cgroup -o "nosuid,nodev,noexec,$1" cgroup "$2" ;;
  esac
}

enter_own_cgroups() {
  mkdir /run/hierarchy
  while IFS=: read -r _ names path; do
    mount_hierarchy "${names:-unified}" /run/hierarchy
    group=/run/hierarchy$path/guest-$LIBVIRT_LXC_UUID
    mkdir -p "$group"
    for file in cpuset.cpus cpuset.mems; do
      if [ "$names" = cpuset ] && [ -z "$(cat "$group/$file")" ]; then cat "$group/../$file" >"$group/$file"; fi
    done
    echo $$ >"$group/cgroup.procs"
    umount /run/hierarchy
  done </proc/self/cgroup
  rmdir /run/hierarchy
}

# Version 2 alone, where the kernel has it: from 258 on systemd does not start beside version 1, and earlier ones need none of its controllers.
show_own_cgroups() {
  umount -l /sys/fs/cgroup 2>/dev/null || true
  if grep -q '^0::' /proc/self/cgroup; then
    mount_hierarchy unified /sys/fs/cgroup
    return
  fi
  mount -t tmpfs -o mode=755,nosuid,nodev,noexec cgroup /sys/fs/cgroup
  cut -d : -f 2 /proc/self/cgroup | while read -r names; do
    mkdir "/sys/fs/cgroup/${names#name=}"
    mount_hierarchy "$names" "/sys/fs/cgroup/${names#name=}"
  done
}

if [ "${1:-}" != in-own-cgroup ]; then
  apply_seed
  enter_own_cgroups
  exec unshare --cgroup "$0" in-own-cgroup
fi
show_own_cgroups
exec /sbin/init
