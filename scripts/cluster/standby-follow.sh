#!/usr/bin/env bash
# Sees to it that the standby's data in folder $3, of service $2, can follow primary $4, which is asked as role $5 by the psql in $1.
# Data that cannot (it is ahead of what the primary came back with, or of another cluster) is moved aside, for a restore.
# Safe to run again: data that can follow is left as it is, and so is a cluster that is no standby.
set -euo pipefail

# PostgreSQL, "Streaming Replication Protocol". libpq looks for the password in $HOME.
ask() {
  HOME=~postgres as postgres "$1/psql" -XAtq -d "host=$2 user=$3 dbname=replication replication=true" -c "$4"
}

# The newest WAL segment's name begins with its timeline.
timeline_of() {
  find "$1/pg_wal" -maxdepth 1 -name '????????????????????????' -printf '%f\n' | sort | tail -n 1 | cut -c -8
}

main() {
  local binaries=$1 service=$2 data=$3 primary=$4 role=$5 identity system own ended position aside
  [[ -e $data/global/pg_control && -e $data/standby.signal ]] || return 0
  systemctl is-active --quiet "$service" || systemctl start "$service"
  await 120 answers "$binaries"
  system=$(query "$binaries" -c 'SELECT system_identifier FROM pg_control_system()')
  position=$(query "$binaries" -c 'SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())')
  own=$((16#$(timeline_of "$data")))
  # SYSTEM|TIMELINE|POSITION|
  identity=$(ask "$binaries" "$primary" "$role" IDENTIFY_SYSTEM | cut -d '|' -f -2)
  [[ $identity != "$system|$own" ]] || return 0
  if [[ $identity == "$system|"* && $identity != *'|1' ]]; then
    # A line for each earlier timeline: its number, and where it ended.
    ended=$(ask "$binaries" "$primary" "$role" "TIMELINE_HISTORY ${identity#*|}" | sed 's/.*\.history|//' |
      awk -v own="$own" '$1 == own { print $2 }')
    [[ -z $ended || $(query "$binaries" -c "SELECT pg_lsn '$position' > '$ended'") == t ]] || return 0
  fi
  systemctl stop "$service"
  aside="$data.diverged-$(date -u +%Y%m%dT%H%M%SZ)"
  mv "$data" "$aside"
  echo "moved aside: $(hostname) is at $position of timeline $own, which $primary left at ${ended:-no time}; its data is now $aside" >&2
}

main "$@" </dev/null
