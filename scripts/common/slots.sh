#!/usr/bin/env bash
# Replication slots.

# SQL for whether PostgreSQL has given up slot `s` for good: it keeps no WAL for it, although 16 and 17 let a receiver stream from it.
given_up() {
  echo "(to_jsonb(s) ->> 'wal_status' = 'lost' OR to_jsonb(s) ->> 'invalidation_reason' IS NOT NULL)"
}
