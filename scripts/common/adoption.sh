#!/usr/bin/env bash
# A cluster of somebody else's that the lab archives and backs up as it is.
source common/postgresql.sh

# What is given back: the files as they were, and where they are.
# shellcheck disable=SC2034 # for who includes this
ADOPTED=/etc/lab/adopted

BEGIN='# The lab: begin (./lab destroy takes these lines away)'
END='# The lab: end'

# The settings that archiving and standbys need at least, as SQL, where they are less and $1 (names, by commas) has none of them.
raised() {
  query "$1" -v wanted="$2" <<'SQL'
SELECT format('%s = %s', name, least) FROM (VALUES ('wal_level', 'replica'), ('max_wal_senders', '10'), ('max_replication_slots', '10')) l (name, least)
JOIN pg_settings USING (name) WHERE NOT name = ANY (string_to_array(:'wanted', ','))
  AND CASE name WHEN 'wal_level' THEN setting = 'minimal' ELSE setting::bigint < least::bigint END
SQL
}

# Why the cluster of PostgreSQL $2 in data folder $3 with unit $4 and postgresql.conf $5 cannot be adopted, a line each with a hint; roles $6 are
# to be the lab's, and settings $7….
refusals() {
  local binaries=$1 version=$2 data=$3 service=$4 conf=$5 roles=$6 found
  shift 6
  found=$(cat "$data/PG_VERSION" 2>/dev/null) || {
    echo "$data holds no cluster; hint: dataFolder of the host in lab:hosts, or no adopt for a new cluster"
    return
  }
  if [[ $found != "$version" ]]; then
    echo "$data holds a cluster of PostgreSQL $found, and lab:postgresqlVersion is $version; hint: lab:postgresqlVersion $found"
  elif [[ ! -e $conf ]]; then
    echo "its postgresql.conf is not $conf; hint: service of the host in lab:hosts"
  elif ! systemctl is-active --quiet "$service"; then
    echo "$service does not run; hint: systemctl start $service, or service of the host in lab:hosts"
  elif ! found=$(query "$binaries" -c 'SELECT 1' 2>&1); then
    echo "account postgres cannot connect to port ${PGPORT:-5432}: ${found##*$'\n'}; hint: pg_hba.conf needs a line \"local all postgres peer\", lab:hosts the postgresqlPort"
  else
    query "$binaries" -v data="$data" -v conf="$conf" -v roles="$roles" -v wanted="$(printf '%s\n' "${@%%=*}")" <<'SQL'
SELECT format('the server on port %s has its data in %s, not in %s; hint: postgresqlPort or dataFolder of the host in lab:hosts', current_setting('port'), current_setting('data_directory'), :'data')
  WHERE current_setting('data_directory') <> :'data'
UNION ALL SELECT format('its postgresql.conf is %s, not %s; hint: service of the host in lab:hosts', current_setting('config_file'), :'conf')
  WHERE current_setting('config_file') <> :'conf'
UNION ALL SELECT 'it is a standby; hint: name the host that it follows as the primary' WHERE pg_is_in_recovery()
UNION ALL SELECT format('it archives WAL already, by archive_command "%s"; hint: set archive_command and archive_library to '''' once nothing needs that archive', concat(setting, current_setting('archive_library', true)))
  FROM pg_settings WHERE name = 'archive_command' AND (setting NOT IN ('', '(disabled)') OR current_setting('archive_library', true) <> '')
UNION ALL SELECT format('it has role %s, which would be the lab''s; hint: give that role another name', rolname) FROM pg_roles WHERE rolname = ANY (string_to_array(:'roles', ','))
UNION ALL SELECT 'its database postgres has schema lab, which would be the lab''s; hint: give that schema another name' FROM pg_namespace WHERE nspname = 'lab'
UNION ALL SELECT format('its %s is %s, and standbys would have %s; hint: lab:postgresql with that setting', name, setting, usual)
  FROM (VALUES ('max_connections', 100), ('max_worker_processes', 8), ('max_prepared_transactions', 0), ('max_locks_per_transaction', 64), ('max_wal_senders', 10)) v (name, usual)
  JOIN pg_settings USING (name) WHERE setting::bigint > usual AND NOT name = ANY (string_to_array(:'wanted', E'\n'))
UNION ALL SELECT format('ALTER SYSTEM has set %s, before which no file comes; hint: put it into postgresql.conf, then ALTER SYSTEM RESET %1$s', name)
  FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf' AND name = ANY (string_to_array(:'wanted', E'\n') || '{wal_level,max_wal_senders,max_replication_slots}')
SQL
  fi
}

# A file without the lab's lines.
own_lines() {
  sed "/^${BEGIN//\//\\/}\$/,/^$END\$/d" "$1"
}

# Puts what is on stdin in place of file $1, which keeps its owner and mode; nothing when that is its content.
replace_file() {
  local file new
  file=$(realpath "$1")
  new=$(mktemp "$file.lab-XXXXXXXX")
  cat >"$new"
  if cmp -s "$new" "$file"; then
    rm "$new"
    return
  fi
  chown --reference="$file" "$new"
  chmod --reference="$file" "$new"
  sync "$new"
  mv "$new" "$file"
}

# Puts the lines on stdin into file $1: first, where a line decides before those behind it, or last.
put_lines() {
  local lines own
  lines=$BEGIN$'\n'$(cat)$'\n'$END
  own=$(own_lines "$1" && echo .)
  own=${own%.}
  if [[ $2 == first ]]; then
    printf '%s\n%s' "$lines" "$own"
  else
    # It may not end with a newline.
    printf '%s%s\n' "${own:+${own%$'\n'}$'\n'}" "$lines"
  fi | replace_file "$1"
}
