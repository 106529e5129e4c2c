import { BARMAN_HOST } from "../../config/host-names";
import { barmanSlotOf, slotOf as standbySlotOf } from "../../config/replication-slots";
import { sql, until } from "./sql";

function slotOf(host: string): string {
  return host === BARMAN_HOST ? barmanSlotOf(host) : standbySlotOf(host);
}

/** Statements that fill a WAL segment, as PostgreSQL does not switch an empty one. */
export const SWITCH = ["SELECT pg_create_restore_point('other')", "SELECT pg_switch_wal()"];

/**
 * Shell for the primary: something is done to a host's slot while that host, which would connect again at once, is not let in. One after the
 * other.
 */
function whileAway(host: string, ...work: readonly string[]): string {
  const terminate = `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${slotOf(host)}'`;
  return [
    "set -e; exec 9>/run/slots.lock; flock 9",
    `cp -p /etc/lab/pg_ident.conf /run; sed -i /${host}/d /etc/lab/pg_ident.conf`,
    sql("SELECT pg_reload_conf()", "SELECT pg_sleep(0.5)", terminate, "SELECT pg_sleep(0.5)"),
    ...work,
    `cp -p /run/pg_ident.conf /etc/lab; ${sql("SELECT pg_reload_conf()")}; flock --unlock 9`,
  ].join("\n");
}

/** Shell for the primary, whose slot for a host is dropped. */
export function dropSlot(host: string): string {
  return whileAway(host, sql(`SELECT pg_drop_replication_slot('${slotOf(host)}')`));
}

/** Shell for the primary, whose slot for a host is given up. The WAL that it kept goes: all others have it, and it is archived. */
export function loseSlot(host: string): string {
  const kept = `SELECT count(*) + (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready')
    FROM pg_replication_slots own JOIN pg_replication_slots other ON own.slot_name = '${slotOf(host)}' AND own.slot_name <> other.slot_name
    WHERE pg_wal_lsn_diff(other.restart_lsn, own.restart_lsn) < 2 * 16 * 1024 ^ 2`;
  return whileAway(
    host,
    sql("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'", "SELECT pg_reload_conf()"),
    sql(...[1, 2, 3].flatMap(() => SWITCH)),
    until(kept, "0"),
    sql("CHECKPOINT", "ALTER SYSTEM RESET max_slot_wal_keep_size"),
  );
}

/** Shell for the primary that waits until a host streams from its slot again. */
export function reads(host: string): string {
  return until(`SELECT active FROM pg_replication_slots WHERE slot_name = '${slotOf(host)}'`, "t");
}

/** Shell for the primary that waits until two standbys stream: each asks for it again every 5 s (`wal_retrieve_retry_interval`). */
export const STANDBYS_STREAM = until("SELECT count(*) FROM pg_stat_replication", "2");
