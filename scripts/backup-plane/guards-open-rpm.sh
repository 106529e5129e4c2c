#!/usr/bin/env bash
# Lets pgBackRest and PostgreSQL through SELinux and firewalld, each where it is on, and leaves it on: TCP ports $@ (pgBackRest's first), and
# the folders that PostgreSQL's archive command writes to. Safe to run again: labels and ports are set, not added twice.
set -euo pipefail
source common/firewalld.sh

# PostgreSQL (postgresql_t) may write and connect only to what is labelled as its own (selinux-policy, postgresql.te and .fc).
label_folder() {
  local type=$1 folder=$2
  semanage fcontext -a -t "$type" "$folder(/.*)?" 2>/dev/null || semanage fcontext -m -t "$type" "$folder(/.*)?"
  restorecon -R "$folder"
}

allow_in_selinux() {
  local port
  [[ -n $(type -P semanage) ]] || dnf install -y policycoreutils-python-utils
  for port; do
    # SELinux knows PostgreSQL's own.
    if [[ $port == 5432 ]]; then continue; fi
    semanage port -a -t postgresql_port_t -p tcp "$port" 2>/dev/null || semanage port -m -t postgresql_port_t -p tcp "$port"
  done
  label_folder postgresql_log_t /var/log/pgbackrest
  label_folder postgresql_db_t /var/spool/pgbackrest
}

main() {
  if [[ -n $(type -P selinuxenabled) ]] && selinuxenabled; then allow_in_selinux "$@"; fi
  local ports=("${@/#/port=}")
  open_in_firewalld "${ports[@]/%//tcp}"
}

main "$@" </dev/null
