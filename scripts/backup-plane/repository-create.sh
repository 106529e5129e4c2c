#!/usr/bin/env bash
# Creates account $1 and its folders: repository $2, unless that is empty, as a store's is, and pgBackRest's log folder.
# Safe to run again: existing ones are kept.
set -euo pipefail
source common/shell.sh

main() {
  local account=$1 repository=$2
  id -u "$account" >/dev/null 2>&1 ||
    useradd --system --user-group --create-home --home-dir "/var/lib/$account" --shell /bin/bash "$account"
  [[ -z $repository || -d $repository ]] || install -d -o "$account" -g "$account" -m 0750 "$repository"
  install -d -o "$account" -g "$account" -m 0770 /var/log/pgbackrest
  # Debian's and PGDG's logrotate files run as postgres, which may not write there.
  [[ ! -e /etc/logrotate.d/pgbackrest ]] || sed -i "s/^\( *su \).*/\1$account $account/" /etc/logrotate.d/pgbackrest
  [[ -z $repository ]] || as "$account" test -w "$repository" ||
    fail "account $account cannot write to repository $repository; hint: chown -R $account:$account $repository"
}

main "$@" </dev/null
