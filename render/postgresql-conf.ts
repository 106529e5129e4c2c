import { slotOf } from "../config/replication-slots";
import type { PostgreSqlSettings } from "../config/schema";
import { BARMAN_ROLES } from "../plan/backup-api-layout";
import { CERTIFICATE_FILES, POSTGRESQL_FILES, REPLICATION_ROLE } from "../plan/layout";
import { clusterOf, hostOf, type HostPlan, type LabPlan, primaryOf } from "../plan/plan";
import { identities, IDENTITY_MAP, replicationConnection } from "../plan/replication";

function quote(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

/**
 * The settings that postgresql.conf of a host includes last (PostgreSQL, "Setting Parameters"); the lab's own follow, and so override, the
 * user's.
 */
export function renderPostgreSqlConf(plan: LabPlan, host: HostPlan, settings: PostgreSqlSettings): string {
  const { port } = clusterOf(plan, host);
  const lines: PostgreSqlSettings = {
    ...defaults(plan),
    ...settings,
    listen_addresses: "*",
    ...(port === plan.ports.postgresql ? {} : { port }),
    hba_file: POSTGRESQL_FILES.access,
    ident_file: POSTGRESQL_FILES.identities,
    ...(plan.postgresql.tls ? serverTls() : {}),
    archive_mode: true,
    ...(host.role === "standby" ? standby(plan, host) : { archive_command: pgBackRest(plan, "archive-push %p") }),
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name} = ${quote(value)}\n`)
    .join("");
}

/** What a user may set otherwise. Of two primaries, the time of the last commit tells which is in use. A slot keeps a standby's WAL on the primary only until that fills its disk: the repository has it too. */
function defaults({ postgresql: { version } }: LabPlan): PostgreSqlSettings {
  return { track_commit_timestamp: true, ...(version >= 13 ? { max_slot_wal_keep_size: "1GB" } : {}) };
}

/** The host's own pair, which is pgBackRest's as well. */
function serverTls(): PostgreSqlSettings {
  const { certificate, key, ca } = CERTIFICATE_FILES;
  return { ssl: true, ssl_cert_file: certificate, ssl_key_file: key, ssl_ca_file: ca };
}

/** A standby that is promoted by mistake archives nothing: every other standby would follow its timeline from the repository. */
function standby(plan: LabPlan, host: HostPlan): PostgreSqlSettings {
  return {
    archive_command: `echo "pgbackrest archives nothing of ${host.name}, a standby of ${primaryOf(plan).name}" >&2; false`,
    restore_command: pgBackRest(plan, 'archive-get %f "%p"'),
    primary_conninfo: replicationConnection(plan, host),
    primary_slot_name: slotOf(host.name),
  };
}

function pgBackRest({ stanza }: LabPlan, command: string): string {
  return `pgbackrest --stanza=${stanza} ${command}`;
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
  const rows = [
    ["local", "all", "all", "", "peer"],
    ["local", "replication", "all", "", "peer"],
    ["host", "all", "all", "127.0.0.1/32", "scram-sha-256"],
    ["host", "all", "all", "::1/128", "scram-sha-256"],
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
