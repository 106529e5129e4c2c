import { BARMAN_ACCOUNT, BARMAN_CERTIFICATE_FILES, BARMAN_ROLES } from "./backup-api-layout";
import { CERTIFICATE_FILES, type CertificateFiles, POSTGRESQL_ACCOUNT, REPLICATION_ROLE } from "./layout";
import { clusterOf, hostsWith, type HostPlan, type LabPlan, primaryOf } from "./plan";

/** The map from certificates' common names to roles, in pg_ident.conf. */
export const IDENTITY_MAP = "lab";

/** How a PostgreSQL host reaches the primary as the replication role: libpq's connection string, without a password. */
export function replicationConnection(plan: LabPlan, host: Pick<HostPlan, "name">): string {
  return connection(plan, host.name, CERTIFICATE_FILES, { user: REPLICATION_ROLE, application_name: host.name });
}

/** How Barman reaches the primary: its two connection strings, without passwords. */
export function barmanConnections(plan: LabPlan): Record<keyof typeof BARMAN_ROLES, string> {
  const { asking, streaming } = BARMAN_ROLES;
  const from = plan.backupApi?.host ?? "";
  return {
    asking: connection(plan, from, BARMAN_CERTIFICATE_FILES, { user: asking, dbname: "postgres" }),
    streaming: connection(plan, from, BARMAN_CERTIFICATE_FILES, { user: streaming }),
  };
}

/** A host that streams from the primary: as which account, with which certificate, by which connection. */
export interface PrimaryClient {
  readonly host: string;
  readonly account: string;
  readonly files: CertificateFiles;
  readonly connection: string;
}

/** Who streams from the primary: the standbys that are not revoked, and Barman. */
export function primaryClients(plan: LabPlan): PrimaryClient[] {
  const standbys = hostsWith(plan, "standby").filter(({ revoked }) => !revoked);
  return [
    ...standbys.map((host) => ({
      ...{ host: host.name, account: POSTGRESQL_ACCOUNT, files: CERTIFICATE_FILES },
      connection: replicationConnection(plan, host),
    })),
    ...(plan.backupApi === null
      ? []
      : [
          {
            ...{ host: plan.backupApi.host, account: BARMAN_ACCOUNT, files: BARMAN_CERTIFICATE_FILES },
            connection: barmanConnections(plan).streaming,
          },
        ]),
  ];
}

/** Who may be which role, by the common name of the certificate that it presents: present hosts that are not revoked. */
export function identities(plan: LabPlan): [commonName: string, role: string][] {
  const members = hostsWith(plan, "primary", "standby").filter(({ revoked }) => !revoked);
  return [
    ...members.map(({ name }): [string, string] => [name, REPLICATION_ROLE]),
    ...(plan.backupApi === null ? [] : Object.values(BARMAN_ROLES)).map((role): [string, string] => [
      plan.backupApi?.host ?? "",
      role,
    ]),
  ];
}

function connection(
  plan: LabPlan,
  from: string,
  { certificate, key, ca }: CertificateFiles,
  options: Readonly<Record<string, string>>,
): string {
  const tls = { sslmode: "verify-full", sslcert: certificate, sslkey: key, sslrootcert: ca };
  const primary = primaryOf(plan);
  const { port } = clusterOf(plan, primary);
  // Steps on a host whose own port is another have that in PGPORT.
  const isPlain = plan.hosts
    .filter(({ name }) => name === primary.name || name === from)
    .every((host) => clusterOf(plan, host).port === plan.ports.postgresql);
  const to = { host: primary.name, ...(isPlain ? {} : { port }) };
  return Object.entries({ ...to, ...options, ...(plan.postgresql.tls ? tls : {}) })
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}
