#!/usr/bin/env bash
# Giving an adopted cluster back.
source common/adoption.sh
source common/postgresql-service.sh
source common/postgresql.sh
source common/shell.sh

# Whether unit $1 is that of an adopted cluster, which runs on.
is_adopted() {
  [[ -e $ADOPTED/cluster && $(sed -n 2p "$ADOPTED/cluster") == "$1" ]]
}

# File $1 without the lab's lines: as it was, $2, to the byte, where nobody has changed it since.
take_lines() {
  local own
  own=$(mktemp)
  own_lines "$1" >"$own"
  # The lab's lines may have begun behind a line that did not end.
  if cmp -s <(awk 1 "$2") <(awk 1 "$own"); then replace_file "$1" <"$2"; else replace_file "$1" <"$own"; fi
  rm "$own"
}

# What the lab made in the cluster: its slots would keep WAL for ever. What somebody else put beside it stays, and is told.
take_objects() {
  query "$1" -v ON_ERROR_STOP=0 <<'SQL' >/dev/null || true
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'lab\_%' AND NOT active;
DROP TABLE IF EXISTS lab.streaming;
DROP SCHEMA IF EXISTS lab;
SELECT format('DROP OWNED BY %I', rolname), format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname = 'replic_user' \gexec
SQL
}

# Ends the archiving of the adopted cluster, and takes the lab's lines out of its files. It restarts if a setting of its own needs that.
end_adoption() {
  local binaries service enabled conf hba ident
  { read -r binaries && read -r service && read -r PGPORT && read -r enabled && read -r conf && read -r hba && read -r ident; } <"$ADOPTED/cluster"
  export PGPORT
  take_lines "$conf" "$ADOPTED/postgresql.conf"
  take_lines "$hba" "$ADOPTED/pg_hba.conf"
  take_lines "$ident" "$ADOPTED/pg_ident.conf"
  if answers "$binaries" 2>/dev/null; then
    take_objects "$binaries"
    reload "$binaries" "$service"
    # Without its archive_command, archive_mode would keep WAL for ever.
    if [[ $(query "$binaries" -c 'SELECT count(*) FROM pg_settings WHERE pending_restart') != 0 ]]; then systemctl restart "$service"; fi
    await 120 "$service does not answer; hint: journalctl -u $service" answers "$binaries"
  fi
  [[ $enabled == enabled ]] || systemctl disable --quiet "$service"
  mv -T "$ADOPTED" "$ADOPTED.given-back-$(date -u +%Y%m%dT%H%M%SZ)"
}
