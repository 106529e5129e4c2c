#!/usr/bin/env bash
# Prints as JSON when the certificate ends that this host's pgBackRest server shows account $1, and the newest authority that the host
# trusts, in OpenSSL's words. The pair lies in folder $2. Safe to run again: it only reads.
set -euo pipefail

main() {
  # A lab whose first run failed may have none yet.
  if [[ ! -e $2/host.crt ]]; then
    echo '{"served":"","authority":""}'
    return
  fi
  printf '{"served":"%s","authority":"%s"}\n' \
    "$(served_certificate "$@" | certificate_end)" "$(certificate_end <"$2/ca.crt")"
}

main "$@" </dev/null
