#!/usr/bin/env bash
# Prints the facts of the backup API's host as JSON: of Barman's server $1, of the certificate in file $2, of units $3….
# Safe to run again: it only reads.
set -euo pipefail
source common/barman.sh
source common/certificate.sh

# The end of the certificate on stdin, in OpenSSL's words; nothing when there is none.
end_of() {
  x509 -enddate 2>/dev/null | sed 's/^notAfter=//' || true
}

main() {
  local server=$1 certificate=$2 unit
  local -a units=()
  shift 2
  for unit; do units+=("$unit" "$(systemctl is-active "$unit" || true)"); done
  jq -n --arg barman "$(as_barman barman --version 2>&1 | awk 'NR == 1 { print $1 }')" \
    --arg certificateEnd "$(end_of <"$certificate")" \
    --arg servedCertificateEnd "$(timeout 10 openssl s_client -connect 127.0.0.1:443 </dev/null 2>/dev/null | end_of)" \
    --arg check "$(as_barman barman check "$server" 2>&1 || true)" \
    --argjson backups "$(as_barman barman -f json list-backup "$server" 2>/dev/null || echo '{}')" \
    --arg server "$server" '
    { $barman, $certificateEnd, $servedCertificateEnd,
      units: ($ARGS.positional as $all | [range(0; $all | length; 2) | { key: $all[.], value: $all[. + 1] }] | from_entries),
      failedChecks: ($check | split("\n") | map(select(test("FAILED|ERROR")) | ltrimstr("\t"))),
      backups: [$backups[$server][]? | select(.status == "DONE") | .backup_id] }' --args "${units[@]}"
}

main "$@" </dev/null
