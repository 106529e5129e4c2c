import type { Repository, PgBackRestOptions } from "../config/schema";
import { CERTIFICATE_FILES } from "../plan/layout";
import type { IniSection } from "./ini-dialects";
import { renderPgBackRestIni } from "./ini-dialects";
import { REPOSITORY_HOST } from "../config/host-names";

/** A host of the cluster, as the repository host names it. */
export interface StanzaMember {
  readonly name: string;
  readonly dataFolder: string;
}

const FIRST_HOST = "pg1-srv";

/**
 * pgBackRest's number for a PostgreSQL host: the host's own, so that hosts come and go without renumbering. Only the primary has number 1,
 * which a stanza must have (pgBackRest error 037 without it), and the first host has the primary's: no number stands in both files.
 */
function memberNumber(name: string, primary: string): string {
  const host = name === primary ? FIRST_HOST : name === FIRST_HOST ? primary : name;
  return host.replace(/^pg(\d+)-srv$/, "$1");
}

/** Options that only the repository host reads. */
const REPOSITORY_ONLY =
  /^(repo\d+-|start-fast$|stop-auto$|resume$|expire-auto$|archive-check$|archive-copy$|checksum-page$|manifest-save-threshold$|page-header-check$)/;

/** Options that only PostgreSQL hosts read. */
const POSTGRESQL_ONLY = /^(archive-async$|archive-(push|get)-queue-max$|archive-mode$|link-|tablespace-)/;

const DEFAULTS: IniSection = {
  "process-max": 2,
  "log-level-console": "info",
  "log-level-file": "debug",
};

/** Its server and its clients listen to the host's pair; who else may ask for the stanza, one line each. */
function tlsServer(stanza: string, clients: readonly string[]): IniSection {
  return {
    "tls-server-address": "*",
    "tls-server-cert-file": CERTIFICATE_FILES.certificate,
    "tls-server-key-file": CERTIFICATE_FILES.key,
    "tls-server-ca-file": CERTIFICATE_FILES.ca,
    "tls-server-auth": clients.map((client) => `${client}=${stanza}`),
  };
}

/** The connection to another host's server, for the options that begin with this prefix. */
function tlsHost(prefix: string, host: string): IniSection {
  return {
    [`${prefix}-host`]: host,
    [`${prefix}-host-type`]: "tls",
    [`${prefix}-host-cert-file`]: CERTIFICATE_FILES.certificate,
    [`${prefix}-host-key-file`]: CERTIFICATE_FILES.key,
    [`${prefix}-host-ca-file`]: CERTIFICATE_FILES.ca,
  };
}

function without(options: PgBackRestOptions, pattern: RegExp): PgBackRestOptions {
  return Object.fromEntries(Object.entries(options).filter(([option]) => !pattern.test(option)));
}

/** The members' connections, for the stanza's section on the repository host. */
function members(primary: string, hosts: readonly StanzaMember[]): IniSection {
  return Object.fromEntries(
    hosts.flatMap(({ name, dataFolder }) => {
      const prefix = `pg${memberNumber(name, primary)}`;
      return Object.entries({ ...tlsHost(prefix, name), [`${prefix}-path`]: dataFolder });
    }),
  );
}

export interface RepositoryHostConf {
  readonly stanza: string;
  readonly repository: Repository;
  readonly primary: StanzaMember;
  /** The hosts that may push, get and restore: their certificates' common names. */
  readonly clients: readonly string[];
  readonly options: PgBackRestOptions;
}

/** pgbackrest.conf of the repository host: the seed's, with absolute paths, for the primary alone. */
export function renderRepositoryHostConf({
  stanza,
  repository,
  primary,
  clients,
  options,
}: RepositoryHostConf): string {
  return renderPgBackRestIni({
    global: {
      ...DEFAULTS,
      "start-fast": true,
      delta: true,
      ...without(options, POSTGRESQL_ONLY),
      "repo1-path": repository.path,
      "repo1-retention-full": repository.retentionFull,
      ...tlsServer(stanza, clients),
    },
    [stanza]: members(primary.name, [primary]),
  });
}

/** The standbys' part of the repository host's configuration, for conf.d: it comes when they stream, and backups are theirs then. */
export function renderStandbysConf(stanza: string, primary: string, standbys: readonly StanzaMember[]): string {
  if (standbys.length === 0) return "# no standbys: backups are taken from the primary\n";
  return renderPgBackRestIni({
    global: { "backup-standby": true },
    [stanza]: members(primary, standbys),
  });
}

export interface PostgreSqlHostConf {
  readonly stanza: string;
  readonly dataFolder: string;
  /** Where a restored standby streams from: libpq's connection string. */
  readonly primaryConnection: string;
  readonly options: PgBackRestOptions;
}

/** pgbackrest.conf of a PostgreSQL host. */
export function renderPostgreSqlHostConf({
  stanza,
  dataFolder,
  primaryConnection,
  options,
}: PostgreSqlHostConf): string {
  return renderPgBackRestIni({
    global: {
      ...tlsHost("repo1", REPOSITORY_HOST),
      ...DEFAULTS,
      ...without(options, REPOSITORY_ONLY),
      ...tlsServer(stanza, [REPOSITORY_HOST]),
    },
    [stanza]: { "pg1-path": dataFolder, "recovery-option": [`primary_conninfo=${primaryConnection}`] },
  });
}
