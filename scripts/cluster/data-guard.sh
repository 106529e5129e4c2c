#!/usr/bin/env bash
# Refuses a new configuration, before any host is changed, if it would harm this host's cluster, as pgBackRest's present file $1 has it:
# another stanza than $2, another major version than $3 (data in folder $4, programs in $5), or another role than $6 under primary $7.
# Safe to run again: it only reads.
set -euo pipefail
source common/data-folder.sh
source common/shell.sh

# The value of option $2 in pgBackRest's file $1.
option() {
  sed -n "s/^$2=//p" "$1"
}

# Whether the data in folder $1, in state $2, is a standby's: a signal file decides its next start, the control file tells its present state.
is_standby() {
  [[ -e $1/standby.signal ]] || { [[ ! -e $1/recovery.signal ]] && in_recovery "$2"; }
}

main() {
  local conf=$1 stanza=$2 version=$3 data=$4 binaries=$5 role=$6 primary=$7 found state archived former
  [[ -e $conf ]] || return 0
  # Data in the new version's folder has been upgraded by hand.
  [[ -s $data/global/pg_control ]] || data=$(option "$conf" pg1-path)
  [[ -s $data/global/pg_control ]] || return 0
  found=$(<"$data/PG_VERSION")
  state=$(cluster_state "${binaries/"$version"/"$found"}" "$data")
  archived=$(sed -n '/^\[global/!s/^\[\(.*\)]$/\1/p' "$conf")
  former=$(option "$conf" recovery-option=primary_conninfo=host)
  former=${former%% *}

  [[ $found == "$version" ]] ||
    fail "lab:postgresqlVersion is $version, but $data holds a cluster of PostgreSQL $found ($state); hint: keep $found; docs/major-upgrade.md comes before the key changes"
  [[ $archived == "$stanza" ]] ||
    fail "lab:stanza is $stanza, but the cluster in $data ($state) archives to stanza $archived; hint: keep $archived; a stanza cannot be renamed"
  [[ $former != "$primary" ]] || return 0
  if is_standby "$data" "$state"; then
    [[ $role == standby ]] || fail "lab:primary is $primary, but $data is a standby of $former ($state); hint: keep $former"
  else
    [[ $role == primary ]] || fail "lab:primary is $primary, but $data is a primary ($state); hint: keep $former"
  fi
}

main "$@" </dev/null
