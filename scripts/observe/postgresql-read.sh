#!/usr/bin/env bash
# Prints as JSON what PostgreSQL, whose programs lie in folder $1, tells of WAL, archiving, replication and the settings of file $2; of a
# standby, whose data lies in folder $4, also what the primary answers connection $3 when it has no WAL receiver, and what it has committed
# since it was promoted. null when it does not answer. Safe to run again: it only reads.
set -euo pipefail
source common/postgresql.sh
source common/slots.sh
source common/wal.sh

# What a promoted standby has committed since, as JSON; null when its WAL does not tell.
promoted() {
  local binaries=$1 data=$2 timeline left commits count last
  timeline=$((16#$(query "$binaries" -c 'SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)')))
  read -r _ left <<<"$(left_before "$binaries" "$timeline" 2>/dev/null || true)"
  commits=$(commits_since "$binaries" "$data" "$timeline" "$left" 2>/dev/null) || { echo null && return; }
  read -r count last <<<"$commits"
  jq -nc '{commits: ($count | tonumber), $last}' --arg count "$count" --arg last "$last"
}

main() {
  local seen status=0
  seen=$(query "$1" -v file="$2" -v given_up="$(given_up)" <<'SQL') || status=$?
SELECT json_build_object(
  'version', split_part(current_setting('server_version'), ' ', 1),
  'inRecovery', pg_is_in_recovery(),
  'replayPaused', CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END,
  'receiver', (SELECT status FROM pg_stat_wal_receiver),
  'system', (SELECT system_identifier::text FROM pg_control_system()),
  'position', CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn() END,
  'lastCommit', CASE WHEN NOT pg_is_in_recovery() AND current_setting('track_commit_timestamp')::bool
    THEN (SELECT date_trunc('second', timestamp) AT TIME ZONE 'UTC' || ' UTC' FROM pg_last_committed_xact()) END,
  'segment', CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_lsn()) END,
  'segmentSize', pg_size_bytes(current_setting('wal_segment_size')),
  'archiver', (SELECT json_build_object('failedWal', last_failed_wal, 'failed', extract(epoch FROM last_failed_time),
    'archivedWal', last_archived_wal, 'archived', extract(epoch FROM last_archived_time)) FROM pg_stat_archiver),
  'replication', (SELECT coalesce(json_agg(json_build_object('address', host(client_addr), 'state', state,
    'behind', CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) END)), '[]')
    FROM pg_stat_replication),
  'slots', (SELECT coalesce(json_agg(json_build_object('name', slot_name, 'active', active,
    'status', CASE WHEN :given_up THEN 'lost' ELSE to_jsonb(s) ->> 'wal_status' END,
    'keeps', pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn))), '[]')
    FROM pg_replication_slots s),
  'included', EXISTS (SELECT FROM pg_file_settings WHERE sourcefile = :'file'),
  'stale', coalesce((pg_stat_file(:'file', true)).modification > date_trunc('second', pg_conf_load_time()) + interval '1 second', false),
  'overridden', (SELECT coalesce(json_agg(json_build_object('name', f.name, 'wanted', f.setting, 'actual', s.setting,
    'source', coalesce(s.sourcefile, s.source), 'pending', s.pending_restart, 'error', f.error)), '[]')
    FROM pg_file_settings f LEFT JOIN pg_settings s USING (name)
    WHERE f.sourcefile = :'file' AND (NOT f.applied OR f.error IS NOT NULL
      OR (s.sourcefile IS DISTINCT FROM f.sourcefile AND s.source <> 'override'))))
SQL
  # psql's status when it cannot connect.
  if [[ $status == 2 ]]; then
    echo null
  elif [[ $status != 0 ]]; then
    return "$status"
  elif [[ -n ${3-} && $seen == *'"inRecovery" : false'* ]]; then
    jq -c --argjson promoted "$(promoted "$1" "$4")" '. + {$promoted}' <<<"$seen"
  elif [[ -n ${3-} && $seen == *'"receiver" : null'* ]]; then
    jq -c --arg refusal "$(refusal "$1" "$3")" '. + {$refusal}' <<<"$seen"
  else
    printf '%s\n' "$seen"
  fi
}

main "$@" </dev/null
