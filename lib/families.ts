import * as path from "node:path";

/** Operating systems that are alike in packages, paths and services. */
export type FamilyName = "debian" | "el";

/** What differs between families, for one major version of PostgreSQL. Scripts are told, they do not guess. */
export interface Family {
  /** Script that installs PostgreSQL and pgBackRest. */
  readonly packagesScript: string;
  /** The `.repo` file of a mirror, where the package manager wants one; elsewhere the script names the mirror. */
  readonly repositoryFile?: string;
  /** Script that makes the cluster, or takes over the data that a restore left. */
  readonly createScript: string;
  /** The cluster's data folder, pgBackRest's `pg1-path`. */
  readonly dataFolder: string;
  /** The cluster's postgresql.conf. */
  readonly settingsFile: string;
  /** The cluster's systemd unit. */
  readonly service: string;
  /** Folder of PostgreSQL's own programs. */
  readonly binaries: string;
  /** The account `postgres`'s home. */
  readonly home: string;
}

const FAMILIES: Readonly<Record<FamilyName, (version: number) => Family>> = {
  debian: (version) => ({
    packagesScript: "packages-install-debian.sh",
    createScript: "postgresql-create-debian.sh",
    dataFolder: `/var/lib/postgresql/${version}/main`,
    settingsFile: `/etc/postgresql/${version}/main/postgresql.conf`,
    service: `postgresql@${version}-main.service`,
    binaries: `/usr/lib/postgresql/${version}/bin`,
    home: "/var/lib/postgresql",
  }),
  el: (version) => ({
    packagesScript: "packages-install-el.sh",
    repositoryFile: "/etc/yum.repos.d/lab.repo",
    createScript: "postgresql-create-el.sh",
    dataFolder: `/var/lib/pgsql/${version}/data`,
    settingsFile: `/var/lib/pgsql/${version}/data/postgresql.conf`,
    service: `postgresql-${version}.service`,
    binaries: `/usr/pgsql-${version}/bin`,
    home: "/var/lib/pgsql",
  }),
};

/** The families' names, for checks and messages. */
export const FAMILY_NAMES = Object.keys(FAMILIES) as FamilyName[];

/** The family, for a major version of PostgreSQL. */
export function familyOf(name: FamilyName, postgresqlVersion: number): Family {
  return FAMILIES[name](postgresqlVersion);
}

/** The account that runs pgBackRest on the repository host. */
export const REPOSITORY_ACCOUNT = "pgbackrest";

/** The account that runs PostgreSQL, and pgBackRest beside it. */
export const POSTGRESQL_ACCOUNT = "postgres";

/** The role that standbys stream with. */
export const REPLICATION_ROLE = "replic_user";

/** Where pgBackRest's configuration lies on every host. */
export const PGBACKREST_FOLDER = "/etc/pgbackrest";

/** The certificate files that a host uses as a server and as a client. */
export const CERTIFICATE_FILES = {
  ca: path.posix.join(PGBACKREST_FOLDER, "cert/ca.crt"),
  certificate: path.posix.join(PGBACKREST_FOLDER, "cert/host.crt"),
  key: path.posix.join(PGBACKREST_FOLDER, "cert/host.key"),
} as const;

/** Outside the data folder, so that a restore, which on EL brings the primary's files along, leaves them alone. */
export const POSTGRESQL_FILES = {
  settings: "/etc/lab/postgresql.conf",
  access: "/etc/lab/pg_hba.conf",
} as const;
