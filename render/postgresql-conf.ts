import type { PostgreSqlSettings } from "../config/schema";
import { BARMAN_ROLES } from "../plan/backup-api-layout";
import { POSTGRESQL_FILES, REPLICATION_ROLE } from "../plan/layout";
import { hostOf, type HostPlan, type LabPlan } from "../plan/plan";

function quote(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

/** The settings that postgresql.conf includes last (PostgreSQL, "Setting Parameters"); the lab's own follow, and so override, the user's. */
export function renderPostgreSqlConf(stanza: string, settings: PostgreSqlSettings): string {
  const lines: PostgreSqlSettings = {
    ...settings,
    listen_addresses: "*",
    hba_file: POSTGRESQL_FILES.access,
    archive_mode: true,
    archive_command: `pgbackrest --stanza=${stanza} archive-push %p`,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name} = ${quote(value)}\n`)
    .join("");
}

/**
 * pg_hba.conf of a PostgreSQL host: local accounts, the replication role from the addresses of possible standbys, and Barman's roles from
 * Barman's host, if there is one.
 */
export function renderPgHba(host: HostPlan, plan: LabPlan): string {
  const standbys = plan.postgresql.addresses.filter((address) => address !== host.address);
  const barman = plan.backupApi && hostOf(plan, plan.backupApi.host).address;
  const rows = [
    ["local", "all", "all", "", "peer"],
    ["local", "replication", "all", "", "peer"],
    ["host", "all", "all", "127.0.0.1/32", "scram-sha-256"],
    ["host", "all", "all", "::1/128", "scram-sha-256"],
    ...standbys.map((address) => ["host", "replication", REPLICATION_ROLE, `${address}/32`, "scram-sha-256"]),
    ...(barman === null
      ? []
      : [
          ["host", "postgres", BARMAN_ROLES.asking, `${barman}/32`, "scram-sha-256"],
          ["host", "replication", BARMAN_ROLES.streaming, `${barman}/32`, "scram-sha-256"],
        ]),
  ];
  const widths = [7, 11, 11, 19];
  return rows.map((row) => row.map((word, index) => word.padEnd(widths[index] ?? 0)).join(" ") + "\n").join("");
}

/** ~postgres/.pgpass: the replication role's password, for every host. */
export function renderPgPass(password: string): string {
  return `*:*:replication:${REPLICATION_ROLE}:${password}\n`;
}
