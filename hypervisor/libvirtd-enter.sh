#!/usr/bin/env bash
# Becomes libvirtd, in its own network, mount and cgroup namespaces, with the stack's folders in place of the machine's.
# usage: libvirtd-enter.sh NAMESPACE LIBVIRT_FOLDER
set -euo pipefail

# A guest's cgroups are below the root that libvirtd sees: with a namespace of its own that is not the machine's.
mount_cgroups() {
  local names name found=
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  while IFS=: read -r _ names _; do
    [ -n "$names" ] || continue
    name=${names#name=}
    mkdir "/sys/fs/cgroup/$name"
    mount -t cgroup -o "${names/#name=/none,name=}" cgroup "/sys/fs/cgroup/$name"
    found=yes
  done </proc/self/cgroup
  # libvirt_lxc 9 fails where version 2 is mounted beside version 1.
  [ -n "$found" ] && return
  umount /sys/fs/cgroup
  mount -t cgroup2 cgroup /sys/fs/cgroup
  # Version 2 gives controllers only to the children of a group without processes.
  mkdir -p /sys/fs/cgroup/libvirtd
  echo "$$" >/sys/fs/cgroup/libvirtd/cgroup.procs
}

# Debian's QEMU driver needs this account, which only libvirt-daemon-system creates, together with the machine's own libvirtd.
add_account() {
  local file=$1 line=$2 copy=$3
  if grep -q '^libvirt-qemu:' "$file"; then return; fi
  { cat "$file" && echo "$line"; } >"$copy"
  mount --bind "$copy" "$file"
}

main() {
  local namespace=$1 libvirt=$2
  # /sys shows the network namespace in which it was mounted; libvirt sets bridges up there.
  mount -t sysfs sysfs /sys
  mount_cgroups
  mount --bind "$libvirt/etc" /etc/libvirt
  mount --bind "$libvirt/lib" /var/lib/libvirt
  mount --bind "$libvirt/cache" /var/cache/libvirt
  mount --bind "$libvirt/log" /var/log/libvirt
  # libvirt_lxc logs a guest's whole environment, and with it the seed: not on a disk.
  mkdir -p /var/log/libvirt/lxc
  mount -t tmpfs -o mode=700,size=16m log /var/log/libvirt/lxc
  add_account /etc/passwd libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin "$libvirt/etc/passwd"
  add_account /etc/group libvirt-qemu:x:64055: "$libvirt/etc/group"
  # Its own /run also hides the machine's D-Bus, and with it machined, which would register the guests.
  mount --bind "/run/lab/$namespace" /run
  cd /
  exec libvirtd --daemon --config /etc/libvirt/libvirtd.conf --pid-file /run/libvirtd.pid
}

main "$@" </dev/null
