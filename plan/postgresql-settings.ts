import { slotOf } from "../config/replication-slots";
import type { PostgreSqlSettings } from "../config/schema";
import { CERTIFICATE_FILES, POSTGRESQL_FILES } from "./layout";
import { isAdopted } from "./machines";
import { clusterOf, type HostPlan, type LabPlan, primaryOf } from "./plan";
import { replicationConnection } from "./replication";

/**
 * The settings that a host's postgresql.conf includes last: the lab's own follow, and so override, the user's. An adopted cluster keeps
 * its own pg_hba.conf and pg_ident.conf, which get the lab's lines.
 */
export function postgreSqlSettings(plan: LabPlan, host: HostPlan, settings: PostgreSqlSettings): PostgreSqlSettings {
  const { port } = clusterOf(plan, host);
  const files = { hba_file: POSTGRESQL_FILES.access, ident_file: POSTGRESQL_FILES.identities };
  return {
    ...defaults(plan, host),
    ...settings,
    listen_addresses: "*",
    ...(port === plan.ports.postgresql || isAdopted(host) ? {} : { port }),
    ...(isAdopted(host) ? {} : files),
    ...(plan.postgresql.tls ? serverTls() : {}),
    archive_mode: true,
    ...(host.role === "standby" ? standby(plan, host) : { archive_command: pgBackRest(plan, "archive-push %p") }),
  };
}

/** What a user may set otherwise. Of two primaries, the time of the last commit tells which is in use. A slot keeps a standby's WAL on the primary only until that fills its disk: the repository has it too. */
function defaults({ postgresql: { version } }: LabPlan, host: HostPlan): PostgreSqlSettings {
  return {
    ...(isAdopted(host) ? {} : { track_commit_timestamp: true }),
    ...(version >= 13 ? { max_slot_wal_keep_size: "1GB" } : {}),
  };
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
