#!/usr/bin/env bash
# Starts the private libvirtd NAMESPACE, with its configuration and volumes in STATE_FOLDER, and waits until it answers.
# usage: libvirtd-start.sh NAMESPACE STATE_FOLDER [--qemu]
# Safe to run again: one that answers is left alone; after a crash libvirtd is restarted and finds its guests again; one that
# cannot be taken over (network namespace or state folder missing, machine rebooted) is stopped first.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")

# The daemon is identified by its network namespace, so a reused process id does no harm.
libvirtd_id() {
  local namespace=$1 id
  id=$(cat "/run/lab/$namespace/libvirtd.pid" 2>/dev/null) || return 1
  [ "$(stat -Lc %i "/proc/$id/ns/net" 2>/dev/null)" = "$(stat -Lc %i "/run/netns/$namespace")" ] && echo "$id"
}

answers() {
  timeout 10 virsh -c "lxc:///system?socket=/run/lab/$1/libvirt-sock" version &>/dev/null
}

# Whether running guests could be reached again: their network exists, and their disks are this stack's.
can_be_taken_over() {
  local namespace=$1 libvirt=$2 begun_with
  ip -n "$namespace" link show lo &>/dev/null &&
    begun_with=$(cat "/run/lab/$namespace/state-folder" 2>/dev/null) &&
    [ "$begun_with" = "$(stat -c %d:%i "$libvirt" 2>/dev/null)" ]
}

# All processes of libvirtd, guests too, stay below these cgroups: so libvirtd-stop.sh always finds them.
join_cgroups() {
  local namespace=$1 mounted folder file
  while read -r _ mounted kind _; do
    case $kind in cgroup | cgroup2) ;; *) continue ;; esac
    for folder in "$mounted/lab" "$mounted/lab/$namespace"; do
      mkdir -p "$folder"
      # In version 1 nothing can join a cpuset that has no processors and memory yet.
      for file in cpuset.cpus cpuset.mems; do
        if [ "$kind" = cgroup ] && [ -e "$folder/$file" ] && [ -z "$(cat "$folder/$file")" ]; then
          cat "$folder/../$file" >"$folder/$file"
        fi
      done
    done
    echo "$BASHPID" >"$folder/cgroup.procs"
  done </proc/self/mounts
}

# libvirt probes QEMU's capabilities on first use, which takes four seconds: started here, in the background.
learn_qemu() {
  virsh -c "qemu:///system?socket=/run/lab/$1/libvirt-sock" capabilities {lock}<&- &>/dev/null </dev/null &
}

main() {
  local namespace=$1 state=$2 qemu=${3-} id
  local runtime=/run/lab/$namespace libvirt=$state/libvirt
  # One at a time on this machine: /run/netns and /run/lab come and go with the first and the last.
  exec {lock}</run
  flock "$lock"

  if id=$(libvirtd_id "$namespace"); then
    if can_be_taken_over "$namespace" "$libvirt" && answers "$namespace"; then return; fi
    kill -KILL "$id"
  fi
  can_be_taken_over "$namespace" "$libvirt" || bash "$here/libvirtd-stop.sh" "$namespace" --locked

  mkdir -p "$runtime" "$libvirt"/{etc,lib/images,cache,log}
  # Mount points: the installed packages do not create all of them.
  mkdir -p /etc/libvirt /var/{lib,cache,log}/libvirt
  rm -f "$runtime/libvirtd.pid" "$runtime/libvirt-sock"
  install -m 0644 "$here"/libvirt/*.conf "$libvirt/etc"
  install -D -m 0755 "$here/libvirt/lxc-hook.sh" "$libvirt/etc/hooks/lxc"
  stat -c %d:%i "$libvirt" >"$runtime/state-folder"
  ln -sfn "$runtime" "$state/run"
  [ -e "/run/netns/$namespace" ] || ip netns add "$namespace"
  ip -n "$namespace" link set lo up

  (
    join_cgroups "$namespace"
    exec nsenter --net="/run/netns/$namespace" unshare --mount --cgroup --propagation slave \
      bash "$here/libvirtd-enter.sh" "$namespace" "$libvirt" {lock}<&-
  )
  for _ in {1..100}; do
    if answers "$namespace"; then
      [ -z "$qemu" ] || learn_qemu "$namespace"
      return
    fi
    sleep 0.05
  done
  echo "libvirtd does not answer on $runtime/libvirt-sock; the end of its log:" >&2
  tail -n 20 "$libvirt/log/libvirtd.log" >&2 || true
  return 1
}

main "$@" </dev/null
