#!/usr/bin/env bash
# Puts the new configuration in place and has pgBackRest's server, run by account $1 on a $2 (repository or postgresql) host, serve by
# it for stanza $3 and present the certificate in folder $4. Safe to run again. The configuration is tried beside the old one first: what
# is refused never takes its place.
set -euo pipefail
source common/certificate.sh
source common/pgbackrest-server.sh
source common/shell.sh

# Options are checked by the commands that read them: pgBackRest's help of a command checks them all, to tell their values, and opens
# neither repository nor cluster. It reads this configuration alone: in the certificates' folder there is none. An option that it does
# not know is a warning.
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

# It is not the one on disk when the server missed a reload. One that was made elsewhere may have lines of another length.
presents_installed() {
  local installed served
  installed=$(cut_certificate "$(<"$2/host.crt")")
  served=$(served_certificate "$@")
  [[ -n $installed && $(cut_certificate "$served" | tr -d '[:space:]') == "${installed//[[:space:]]/}" ]] && return
  x509 -serial -enddate <<<"$served" 2>&1
  return 1
}

main() {
  local account=$1 kind=$2 stanza=$3 folder=$4 conf=/etc/pgbackrest/pgbackrest.conf unit
  install -d -m 0755 /etc/pgbackrest/conf.d
  if [[ -e $conf.next ]]; then
    try "$@" "$conf.next"
    mv "$conf.next" "$conf"
  fi
  systemctl enable --quiet --no-reload pgbackrest
  unit=$(systemctl show -p NeedDaemonReload -p MainPID pgbackrest)
  # A unit that was not loaded yet is read with its drop-in; to read all units again takes an emulated host seconds.
  [[ $unit == *NeedDaemonReload=no* ]] || systemctl daemon-reload
  if [[ $unit =~ MainPID=([0-9]+) && $(stat -c %U "/proc/${BASH_REMATCH[1]}" 2>/dev/null) == "$account" ]]; then
    systemctl reload pgbackrest
  else
    systemctl restart pgbackrest
  fi
  await 60 "the pgBackRest server does not answer" as "$account" pgbackrest --log-level-file=off --log-level-console=warn server-ping ||
    fail "the journal of pgbackrest ends with" "$(journalctl -u pgbackrest -n 20 --no-pager)"
  await 20 "the pgBackRest server must present the certificate in $folder/host.crt, but presents" presents_installed "$account" "$folder"
}

main "$@" </dev/null
