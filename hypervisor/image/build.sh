#!/usr/bin/env bash
# Builds the guest image IMAGE, unless it is there already by the recipe with this HASH. apt's source lines arrive on stdin; none
# means the bootstrapper's own.
# usage: build.sh container|vm plain|baked CODENAME KERNEL POSTGRESQL HASH IMAGE   (packages of the kernel and of PostgreSQL)
# Safe to run again and side by side: one build at a time works on an image, which appears whole, by renaming.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")

packages=(
  systemd-sysv dbus udev udhcpc iproute2 iputils-ping netbase
  openssh-server sudo ca-certificates openssl procps less jq hostname
)

# How this machine reaches its mirrors: proxies, certificates, and whether an old snapshot will do.
transport_options() {
  apt-config dump --format '%f "%v";%n' Acquire | grep -E '^Acquire::(https?|Check-)[^ ]* "[^"]+";$' || true
}

make_root() {
  local kind=$1 recipe=$2 codename=$3 kernel=$4 postgresql=$5 root=$6
  local transport=$root.transport
  local -a sources=()
  transport_options >"$transport"
  if [ "$recipe" = baked ]; then
    packages+=("$postgresql" pgbackrest)
    # The backup API's, with which a host becomes barman-srv: it has no way out to fetch them.
    packages+=(barman apache2 cron curl python3-venv python3-setuptools python3-wheel python3-gunicorn python3-flask python3-requests)
  fi
  if [ "$kind" = vm ]; then packages+=("$kernel" tiny-initramfs kmod acpid); fi
  cat >"$root.list"
  if [ -s "$root.list" ]; then sources=("$root.list"); fi
  mmdebstrap --mode=root --variant=minbase --components=main --format=directory \
    --include="$(
      IFS=,
      echo "${packages[*]}"
    )" \
    --aptopt="$transport" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-include=/usr/share/locale/locale.alias' --dpkgopt=force-unsafe-io \
    --setup-hook="bash '$here/lay-down.sh' \"\$1\" '$kind'" \
    --customize-hook="bash '$here/customize.sh' \"\$1\" '$kind'" \
    "$codename" "$root" "${sources[@]}"
}

# A build that was killed leaves its root's /proc, /sys and /dev mounted, the innermost last.
remove_scratch() {
  local folder
  while read -r folder; do umount "$folder"; done < <(awk -v scratch="$1/" 'index($2, scratch) == 1 { print $2 }' /proc/self/mounts | tac)
  rm -rf --one-file-system "$1"
}

main() {
  local kind=$1 recipe=$2 codename=$3 kernel=$4 postgresql=$5 hash=$6 image=$7
  local lock
  scratch=$image.build
  mkdir -p "$(dirname "$image")"
  exec {lock}>"$image.lock"
  flock "$lock"
  if [ -e "$image" ] && [ "$(cat "$image.recipe" 2>/dev/null)" = "$hash" ]; then return; fi

  remove_scratch "$scratch"
  mkdir -m 0700 "$scratch"
  trap 'remove_scratch "$scratch"' EXIT
  make_root "$kind" "$recipe" "$codename" "$kernel" "$postgresql" "$scratch/root"
  echo "making the file system"
  bash "$here/$kind/make-disk.sh" "$scratch/root" "$scratch/image"
  # An image without its recipe counts as none, a recipe of another image must never stand beside it.
  rm -f "$image.recipe"
  mv "$scratch/image" "$image"
  echo "$hash" >"$scratch/recipe"
  mv "$scratch/recipe" "$image.recipe"
}

main "$@"
