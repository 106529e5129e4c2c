#!/usr/bin/env bash
# Debian's packages.
source common/shell.sh

export DEBIAN_FRONTEND=noninteractive

# Whether all of these packages are installed.
has_packages() {
  [[ $(dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -cx installed) == "$#" ]]
}

# Whether no program holds the locks of package lists, archives and packages; prints those that do.
apt_is_free() {
  ! lslocks --noheadings --raw --output COMMAND,PID,PATH | grep -E ' /var/(lib/apt/lists|cache/apt/archives|lib/dpkg)/lock'
}

# Runs a command on packages after other programs, such as a new system's unattended upgrades, at whose locks it would fail.
with_packages() {
  await 600 "other programs still work on packages; hint: wait for them" apt_is_free
  "$@"
}

# Updates the package lists.
update_lists() {
  with_packages apt-get update
}

# Sets up source $1 (pgdg, added by package $2; distribution; mirror, which lab.list names already), and reads what it has.
add_source() {
  if [[ $1 == pgdg ]]; then
    # A new image has no package lists.
    update_lists
    apt-get install -y --no-install-recommends "$2" ca-certificates
    /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
  fi
  update_lists
}

# Installs packages, with options of apt-get's before them.
apt_install() {
  apt-get install -y --no-install-recommends --allow-change-held-packages "$@"
}

# Installs packages, $3…, from source $1 with $2, without the packages' own main cluster.
install_from() {
  install -D -m 0644 <(echo 'create_main_cluster = false') /etc/postgresql-common/createcluster.conf
  add_source "$1" "$2"
  apt_install "${@:3}"
}
