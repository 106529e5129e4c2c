import type { PostgreSqlSettings } from "../config/schema";
import { BARMAN_ROLES } from "../plan/backup-api-layout";
import { REPLICATION_ROLE } from "../plan/layout";
import { isAdopted } from "../plan/machines";
import { hostOf, type HostPlan, type LabPlan } from "../plan/plan";
import { postgreSqlSettings } from "../plan/postgresql-settings";
import { identities, IDENTITY_MAP } from "../plan/replication";

function quote(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

/**
 * The settings that postgresql.conf of a host includes last (PostgreSQL, "Setting Parameters"); the lab's own follow, and so override, the
 * user's.
 */
export function renderPostgreSqlConf(plan: LabPlan, host: HostPlan, settings: PostgreSqlSettings): string {
  return Object.entries(postgreSqlSettings(plan, host, settings))
    .map(([name, value]) => `${name} = ${quote(value)}\n`)
    .join("");
}

/**
 * pg_hba.conf of a PostgreSQL host: local accounts, the replication role from the addresses of possible standbys, and Barman's roles from
 * Barman's host, if there is one. Standbys ask the primary for more than its stream: what of its WAL it keeps, and, by pg_rewind, its files.
 */
export function renderPgHba(host: HostPlan, plan: LabPlan): string {
  const revoked = plan.hosts.filter((each) => each.revoked).map(({ address }) => address);
  const standbys = plan.postgresql.addresses.filter((address) => ![host.address, ...revoked].includes(address));
  const barman = plan.backupApi && hostOf(plan, plan.backupApi.host).address;
  const [type, method] = plan.postgresql.tls ? ["hostssl", `cert map=${IDENTITY_MAP}`] : ["host", "scram-sha-256"];
  const remote = (database: string, role: string, address: string) => [type, database, role, `${address}/32`, method];
  // An adopted cluster has its own rows for those, behind these.
  const local = [
    ["local", "all", "all", "", "peer"],
    ["local", "replication", "all", "", "peer"],
    ["host", "all", "all", "127.0.0.1/32", "scram-sha-256"],
    ["host", "all", "all", "::1/128", "scram-sha-256"],
  ];
  const rows = [
    ...(isAdopted(host) ? [] : local),
    ...standbys.map((address) => remote("replication,postgres", REPLICATION_ROLE, address)),
    ...(barman === null
      ? []
      : [remote("postgres", BARMAN_ROLES.asking, barman), remote("replication", BARMAN_ROLES.streaming, barman)]),
  ];
  const widths = [7, 20, 11, 19];
  return rows.map((row) => row.map((word, index) => word.padEnd(widths[index] ?? 0)).join(" ") + "\n").join("");
}

/** pg_ident.conf of a PostgreSQL host: the map from certificates' common names to roles. */
export function renderPgIdent(plan: LabPlan): string {
  return identities(plan)
    .map(([commonName, role]) => `${IDENTITY_MAP} ${commonName} ${role}\n`)
    .join("");
}

/** ~postgres/.pgpass, where standbys connect with the replication role's password. */
export function renderPgPass(password: string): string {
  return `*:*:*:${REPLICATION_ROLE}:${password}\n`;
}
