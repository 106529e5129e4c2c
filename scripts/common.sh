#!/usr/bin/env bash
# What steps have in common: it is sent before each of them.
# Safe to run again: it only defines functions.
set -euo pipefail

# A folder that every account may read.
cd /

# How many times longer than others this host may take.
SLOWNESS=${SLOWNESS:-1}

# Runs a command as an account. What sudo or a login shell would do beside takes an emulated host a second.
as() {
  local account=$1
  shift
  setpriv --reuid="$account" --regid="$account" --init-groups "$@"
}

# Runs a command as Barman's account, whose passwords lie in its home.
as_barman() {
  HOME=/var/lib/barman as barman "$@"
}

# Tries a command until it works, for so many seconds.
await() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}

# Asks PostgreSQL by the psql in a folder: what lies on PATH may be a wrapper, which is slow under emulation.
query() {
  local binaries=$1
  shift
  as postgres "$binaries/psql" -XAtq -v ON_ERROR_STOP=1 -d postgres "$@"
}

answers() {
  query "$1" -c 'SELECT 1' >/dev/null 2>&1
}

# Whether the PostgreSQL that keeps its data in a folder says in its lock file, as it does to pg_ctl, that it can be asked; 2 when it
# does not run. To ask it while it starts would take an emulated host half the time that it needs to start.
is_ready() {
  local lock
  mapfile -t lock 2>/dev/null <"$1/postmaster.pid" || return 2
  [[ ${lock[7]-} == ready* ]]
}

# By the psql in a folder, makes a role, or gives one that is there these attributes, with the password on stdin; then runs the SQL that
# is given, in which the role is :'role'.
set_role() {
  local binaries=$1 role=$2 attributes=$3 sql=${4-} password
  password=$(cat)
  # As input of psql, not as an argument: the process list shows those. psql quotes the name and the password.
  query "$binaries" <<SQL
\\set role '$role'
\\set password '$password'
SET log_statement = 'none';
SELECT format('CREATE ROLE %I $attributes', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \\gexec
ALTER ROLE :"role" $attributes PASSWORD :'password';
$sql
SQL
}

# What pgBackRest tells an account of a stanza, as JSON. The status is in it: the command's own is 0 even when access is denied. Not logged:
# it is asked often, and a log of level debug takes an emulated host a fourth of the time.
stanza_info() {
  as "$1" pgbackrest --stanza="$2" --output=json --log-level-console=off --log-level-file=off info
}

# Makes a data folder empty for a restore: what an interrupted one left is moved aside, and said so.
make_room() {
  local data=$1 aside
  if [[ -n $(ls -A "$data" 2>/dev/null) ]]; then
    aside="$data.incomplete-$(date -u +%Y%m%dT%H%M%SZ)"
    mv "$data" "$aside"
    echo "moved aside: $data held no complete cluster; it is now $aside" >&2
  fi
  as postgres mkdir -p "$data"
  chmod 0700 "$data"
}

# What OpenSSL tells of the certificate that this host's pgBackRest server shows account $1, whose pair lies in folder $2, within $3 seconds
# (10). It is not the one on disk when the server missed a reload.
served_certificate() {
  as "$1" timeout "${3:-10}" openssl s_client -connect 127.0.0.1:8432 \
    -cert "$2/host.crt" -key "$2/host.key" -CAfile "$2/ca.crt" 2>/dev/null </dev/null || true
}

# Whether this host's pgBackRest server shows account $1 the certificate that lies in folder $2.
shows_installed() {
  local installed shown
  installed=$(cut_certificate "$(<"$2/host.crt")")
  shown=$(cut_certificate "$(served_certificate "$@")")
  # One that was made elsewhere may have lines of another length.
  [[ -n $installed && ${shown//[[:space:]]/} == "${installed//[[:space:]]/}" ]]
}

# Reads a certificate. Without the system's authorities: `openssl x509` loads all of them, for nothing, which takes an emulated host most
# of half a second.
x509() {
  SSL_CERT_FILE=/dev/null openssl x509 -noout "$@"
}

# Whether the certificates in folder $1 are valid already: a clock that is behind the one of who signed them says no for a while.
is_valid_already() {
  [[ $(openssl verify -CAfile "$1/ca.crt" "$1/host.crt" 2>&1) != *"not yet valid"* ]]
}

# Whether the authorities in file $1 are trusted to have signed certificate $2, at any time.
trusts() {
  openssl verify -no_check_time -CAfile "$1" "$2" >/dev/null 2>&1
}

# Fails when a host with the pair in folder $1 would stop to trust the others, or they it, by the pair in folder $2: the others have
# what is installed here, and get the new one at another moment. Where the installed authorities, the newest of which comes first, have
# expired, nobody trusts anybody any more.
keeps_trust() {
  cmp -s "$1/ca.crt" "$2/ca.crt" || ! x509 -checkend 0 -in "$1/ca.crt" >/dev/null ||
    { trusts "$1/ca.crt" "$2/host.crt" && trusts "$2/ca.crt" "$1/host.crt"; }
}

# The end of the certificate on stdin, in OpenSSL's words; nothing when there is none.
certificate_end() {
  x509 -enddate 2>/dev/null | sed 's/^notAfter=//' || true
}

# Shakes hands, by mutual TLS, as an account with the certificate in a folder, with a host's pgBackRest server. Tells in `problem` what goes
# wrong, nothing when all is well, and in `shown` the server's certificate, PEM. A client hears that it was refused only after its own
# handshake (TLS 1.3), so the proof is the greeting, which the server sends when it has accepted the client's certificate.
shake_hands() {
  local account=$1 folder=$2 peer=$3 line said="" answer=""
  while IFS= read -r line; do
    if [[ $line == '{"name":"pgBackRest"'* ]]; then
      answer=welcome
      break
    fi
    said+=$line$'\n'
    [[ -z $answer && $line == *[Ee]rr* ]] && answer=$line
  done < <(
    exec timeout 60 setpriv --reuid="$account" --regid="$account" --init-groups \
      openssl s_client -connect "$peer:8432" -verify_hostname "$peer" -verify_return_error -ign_eof \
      -cert "$folder/host.crt" -key "$folder/host.key" -CAfile "$folder/ca.crt" 2>&1 </dev/null
  )
  kill $! 2>/dev/null || true
  # shellcheck disable=SC2034 # the caller's
  shown=$(cut_certificate "$said")
  problem=""
  # shellcheck disable=SC2034 # the caller's
  [[ $answer == welcome ]] || problem=$(tr -d '"\\[:cntrl:]' <<<"${answer:-no greeting from port 8432}")
}

# The first certificate in a text, PEM; nothing when there is none. Not by openssl, which an emulated host takes a second to start. One
# that was made elsewhere may end its lines with a carriage return, which JSON does not take.
cut_certificate() {
  local text=${1//$'\r'/} rest
  rest=${text#*-----BEGIN CERTIFICATE-----}
  [[ $rest == "$text" ]] || printf '%s' "-----BEGIN CERTIFICATE-----${rest%%-----END CERTIFICATE-----*}-----END CERTIFICATE-----"
}

# A certificate as a text in JSON.
certificate_json() {
  printf '"%s"' "${1//$'\n'/\\n}"
}

# Ends a step on another system than was said, such as "el8: rocky almalinux rhel 8": a family, os-release's IDs, its version's beginning.
expect_system() {
  local family=${1%%:*} ids=" ${1#*: } " version=${1##* } ID VERSION_ID PRETTY_NAME
  # shellcheck source=/dev/null
  source /etc/os-release
  [[ $ids == *" $ID "* && $VERSION_ID. == "$version".* ]] && return
  echo "lab:family is $family, but $(hostname) runs $PRETTY_NAME; hint: set lab:family or lab:imagePath" >&2
  return 1
}
