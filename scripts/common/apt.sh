#!/usr/bin/env bash
# Debian's packages.

export DEBIAN_FRONTEND=noninteractive

# Whether all of these packages are installed.
has_packages() {
  [[ $(dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -cx installed) == "$#" ]]
}

# Installs packages, $3…, from source $1 (distribution; pgdg, added by package $2; mirror at URL $2), without the packages' own main cluster.
install_from() {
  local source=$1 from=$2
  shift 2
  install -D -m 0644 <(echo 'create_main_cluster = false') /etc/postgresql-common/createcluster.conf
  case $source in
    # The user vouches for it: it is a mirror of their own.
    mirror) echo "deb [trusted=yes] $from ./" >/etc/apt/sources.list.d/lab.list ;;
    pgdg)
      # A new image has no package lists.
      apt-get update
      apt-get install -y --no-install-recommends "$from" ca-certificates
      /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
      ;;
  esac
  apt-get update
  apt-get install -y --no-install-recommends --allow-change-held-packages "$@"
}
