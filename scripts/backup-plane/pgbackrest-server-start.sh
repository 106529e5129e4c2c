#!/usr/bin/env bash
# Puts the new configuration in place and has pgBackRest's server, run by account $1 on a $2 (repository or postgresql) host, serve by
# it for stanza $3 and show the certificate in folder $4. Safe to run again. The configuration is tried beside the old one first: what
# is refused never takes its place.
set -euo pipefail

# Options are checked by the command that reads them: one that reads most of them is run up to where it must fail, away from any data.
try() {
  local account=$1 kind=$2 stanza=$3 conf=$4 out status=0 scratch
  local -a trial=(archive-push --pg1-path=/nonexistent none)
  [[ $kind == postgresql ]] || trial=(backup --repo1-path=/nonexistent)
  scratch=$(as "$account" mktemp -d)
  out=$(as "$account" pgbackrest --config="$conf" --config-include-path="$scratch" --lock-path="$scratch" \
    --stanza="$stanza" --log-level-file=off --log-level-console=warn "${trial[@]}" 2>&1) || status=$?
  rm -r "$scratch"
  # 25 to 37 are pgBackRest's errors of options (build/error.yaml); an option that it does not know is a warning.
  if ((status >= 25 && status <= 37)) || [[ $out == *'contains invalid option'* ]]; then
    printf 'the new configuration is refused; the old one stays\n%s\n' "$out" >&2
    return 1
  fi
}

main() {
  local account=$1 kind=$2 stanza=$3 folder=$4 conf=/etc/pgbackrest/pgbackrest.conf unit
  install -d -m 0755 /etc/pgbackrest/conf.d
  if [[ -e $conf.next ]]; then
    try "$account" "$kind" "$stanza" "$conf.next"
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
  if ! await 60 as "$account" pgbackrest --log-level-file=off --log-level-console=warn server-ping; then
    journalctl -u pgbackrest -n 20 --no-pager >&2
    return 1
  fi
  if ! await 20 shows_installed "$account" "$folder"; then
    printf 'the pgBackRest server on %s does not show the certificate in %s; it shows\n%s\n' "$(hostname)" "$folder/host.crt" \
      "$(served_certificate "$account" "$folder" | x509 -serial -enddate 2>&1)" >&2
    return 1
  fi
}

main "$@" </dev/null
