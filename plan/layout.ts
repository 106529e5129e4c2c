import * as path from "node:path";
import { PGBACKREST_FOLDER } from "../config/repositories";

/** What a host is for. */
export type { Role } from "../config/hosts";

/** The type of a host's resource, which has the host's name. */
export const HOST_TYPE = "lab:site:LabHost";

/** The last words of the steps that run on a change alone, and do nothing when they are replaced. */
export const ON_CHANGE = {
  /** Verifies a restarted host. */
  back: "back",
  /** Raises a standby's settings before its primary's. */
  raise: "raise",
  /** These three upgrade pgBackRest. */
  archiving: "archiving",
  fetch: "packages-fetch",
  upgrade: "packages-upgrade",
} as const;

/** The account that runs pgBackRest on the repository host. */
export const REPOSITORY_ACCOUNT = "pgbackrest";

/** The account that runs PostgreSQL, and pgBackRest beside it. */
export const POSTGRESQL_ACCOUNT = "postgres";

/** The role that standbys stream with. */
export const REPLICATION_ROLE = "replic_user";

export { PGBACKREST_FOLDER };

/** The standbys' part of it on the repository host. */
export const STANDBYS_CONF = `${PGBACKREST_FOLDER}/conf.d/standbys.conf`;

/** pgBackRest's TLS server. */
export const PGBACKREST_UNIT = "pgbackrest.service";

/** A certificate, its key, and the trusted CAs on a host. */
export interface CertificateFiles {
  readonly folder: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** The files that a host presents as a server and as a client of pgBackRest. */
export const CERTIFICATE_FILES: CertificateFiles = certificateFilesIn(path.posix.join(PGBACKREST_FOLDER, "cert"));

/** Outside the data folder: on EL, a restore overwrites the configuration in it with the primary's. */
export const POSTGRESQL_FILES = {
  settings: "/etc/lab/postgresql.conf",
  access: "/etc/lab/pg_hba.conf",
  identities: "/etc/lab/pg_ident.conf",
} as const;

/** The files of a certificate; `certificate-install.sh` replaces their folder as a whole. */
export function certificateFilesIn(folder: string): CertificateFiles {
  const file = (name: string): string => path.posix.join(folder, name);
  return { folder, ca: file("ca.crt"), certificate: file("host.crt"), key: file("host.key") };
}
