#!/usr/bin/env bash
# Puts the new configuration in place, and runs pgBackRest's server with it, as account $1 on a $2 (repository or postgresql) host, for
# stanza $3, with the certificate in folder $4 and its own folders $5… The configuration is tried beside the old one first; if it is
# refused, the old one stays. Safe to run again: a running server is reloaded; where a repository goes or moves, it is restarted.
set -euo pipefail
source common/certificate.sh
source common/pgbackrest-server.sh
source common/repositories.sh
source common/shell.sh

# The help of a command parses all of the command's options, and opens neither repository nor cluster. It reads this configuration alone:
# the certificates' folder, as the include path, holds none. An unknown option is a warning.
try() {
  local account=$1 kind=$2 stanza=$3 folder=$4 conf=$5 command said
  local -a commands=(archive-push archive-get restore)
  [[ $kind == postgresql ]] || commands=(backup)
  for command in "${commands[@]/#/--stanza=$stanza help }" "help server"; do
    # shellcheck disable=SC2086 # words
    if ! said=$(as "$account" pgbackrest --config="$conf" --config-include-path="$folder" $command 2>&1) ||
      [[ $said == *'contains invalid option'* ]]; then
      fail "pgBackRest refuses the new configuration; the old one stays" "$(grep -E 'ERROR|WARN|HINT' <<<"$said" || echo "$said")"
    fi
  done
}

# A server that missed a reload still presents the old one.
presents_installed() {
  is_installed "$2" "$(served_certificate "$@")"
}

# As the package makes it.
keep_folder() {
  [[ -d $2 ]] || install -d -m 0770 "$2"
  chown "$1:$1" "$2"
  ! selinuxenabled 2>/dev/null || restorecon "$2"
}

main() {
  local account=$1 kind=$2 stanza=$3 folder=$4 conf=/etc/pgbackrest/pgbackrest.conf unit path verb=reload
  for path in "${@:5}"; do keep_folder "$account" "$path"; done
  install -d -m 0755 /etc/pgbackrest/conf.d
  if [[ -e $conf.next ]]; then
    try "${@:1:4}" "$conf.next"
    # Sessions that archive keep the configuration that they began with: to a store that is away, for as long as there is WAL.
    ! moves_repository "$conf" || verb=restart
    replace_configuration "$account" "$conf"
  fi
  systemctl enable --quiet --no-reload pgbackrest
  unit=$(systemctl show -p NeedDaemonReload -p MainPID pgbackrest)
  # A unit that is not loaded yet is read with its drop-in; reloading all units takes an emulated host seconds.
  [[ $unit == *NeedDaemonReload=no* ]] || systemctl daemon-reload
  [[ $unit =~ MainPID=([0-9]+) && $(stat -c %U "/proc/${BASH_REMATCH[1]}" 2>/dev/null) == "$account" ]] || verb=restart
  systemctl "$verb" pgbackrest
  await 60 "the pgBackRest server does not answer" as "$account" pgbackrest --log-level-file=off --log-level-console=warn server-ping ||
    fail "the journal of pgbackrest ends with" "$(journalctl -u pgbackrest -n 20 --no-pager)"
  await 20 "the pgBackRest server must present the certificate in $folder/host.crt, but presents" presents_installed "$account" "$folder"
}

main "$@" </dev/null
