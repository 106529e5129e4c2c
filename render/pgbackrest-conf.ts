import { type DataPathConfig, pgBackRestOptions } from "../config/data-path";
import { repositoryOptions, type RepositorySecrets } from "../config/repositories";
import type { PgBackRestOptions } from "../config/schema";
import { hasFeature } from "../config/version-support";
import { CERTIFICATE_FILES } from "../plan/layout";
import { clusterOf, type HostPlan, type LabPlan, primaryOf, repositoryOf, trustedStandbysOf } from "../plan/plan";
import { replicationConnection } from "../plan/replication";
import { type IniSection, renderPgBackRestIni } from "./ini-dialects";

/** Options that only the repository host reads. */
const REPOSITORY_ONLY =
  /^(repo\d+-|start-fast$|stop-auto$|resume$|expire-auto$|archive-check$|archive-copy$|checksum-page$|manifest-save-threshold$|page-header-check$)/;

/** Options that only PostgreSQL hosts read. */
const POSTGRESQL_ONLY = /^(archive-async$|archive-(push|get)-queue-max$|archive-mode$|link-|tablespace-)/;

const DEFAULTS: IniSection = {
  "log-level-console": "info",
  "log-level-file": "debug",
};

/**
 * Where there is a store, which may be away. Before it archives, pgBackRest tries for nineteen times its `io-timeout` (measured with 2.55), by
 * default for nineteen minutes, in which no other repository gets WAL either. PostgreSQL tries three times, then waits a minute: a backup
 * into another repository waits for that WAL.
 */
const WITH_STORES: IniSection = { "io-timeout": 2, "archive-timeout": 240 };

function hasStores({ repositories }: PgBackRestConfig): boolean {
  return repositories.some(({ type }) => type !== "posix");
}

/** The TLS server: address, certificate, and a line for each client authorized for the stanza. */
function tlsServer({ stanza, ports }: LabPlan, clients: readonly string[]): IniSection {
  return {
    "tls-server-address": "*",
    "tls-server-port": ports.pgbackrest,
    "tls-server-cert-file": CERTIFICATE_FILES.certificate,
    "tls-server-key-file": CERTIFICATE_FILES.key,
    "tls-server-ca-file": CERTIFICATE_FILES.ca,
    "tls-server-auth": clients.map((client) => `${client}=${stanza}`),
  };
}

/** The connection to another host's server, as options with this prefix. */
function tlsHost({ ports }: LabPlan, prefix: string, host: string): IniSection {
  return {
    [`${prefix}-host`]: host,
    [`${prefix}-host-type`]: "tls",
    [`${prefix}-host-port`]: ports.pgbackrest,
    [`${prefix}-host-cert-file`]: CERTIFICATE_FILES.certificate,
    [`${prefix}-host-key-file`]: CERTIFICATE_FILES.key,
    [`${prefix}-host-ca-file`]: CERTIFICATE_FILES.ca,
  };
}

function joined(sections: readonly IniSection[]): IniSection {
  return Object.fromEntries(sections.flatMap((section) => Object.entries(section)));
}

function without(options: PgBackRestOptions, pattern: RegExp): PgBackRestOptions {
  return Object.fromEntries(Object.entries(options).filter(([option]) => !pattern.test(option)));
}

/** Where a host has its cluster, as options with this prefix. */
function cluster(plan: LabPlan, prefix: string, host: HostPlan): IniSection {
  const { dataFolder, port } = clusterOf(plan, host);
  return { [`${prefix}-path`]: dataFolder, ...(port === plan.ports.postgresql ? {} : { [`${prefix}-port`]: port }) };
}

/** The members' connections, for the stanza's section on the repository host. */
function members(plan: LabPlan, hosts: readonly HostPlan[]): IniSection {
  return joined(
    hosts.map((host) => {
      const prefix = `pg${host.index ?? ""}`;
      return { ...tlsHost(plan, prefix, host.name), ...cluster(plan, prefix, host) };
    }),
  );
}

/** The part of the configuration that concerns pgBackRest. */
export type PgBackRestConfig = DataPathConfig;

/** pgbackrest.conf of a host. */
export function renderPgBackRestConf(plan: LabPlan, host: HostPlan, config: PgBackRestConfig): string {
  const render = host.role === "repository" ? renderRepositoryHost : renderPostgreSqlHost;
  return renderPgBackRestIni(render(plan, host, config));
}

/** The repository host's, with only the primary as a member: renderStandbysConf has the others. */
function renderRepositoryHost(plan: LabPlan, host: HostPlan, config: PgBackRestConfig) {
  return {
    global: {
      ...DEFAULTS,
      "start-fast": true,
      delta: true,
      ...(hasStores(config) ? WITH_STORES : {}),
      ...without(pgBackRestOptions(config), POSTGRESQL_ONLY),
      ...repositoryOptions(config),
      ...tlsServer(plan, host.peers),
    },
    [plan.stanza]: members(plan, [primaryOf(plan)]),
  };
}

/**
 * The secrets of repositories, for the repository host's conf.d, with their encryption: PostgreSQL hosts ask for that by the protocol.
 * @param secrets By pgBackRest's option.
 */
export function renderSecretsConf(secrets: RepositorySecrets): string {
  const options = Object.entries(secrets).flatMap(([option, secret]) => [
    ...(option.endsWith("-cipher-pass") ? [[option.replace("-pass", "-type"), "aes-256-cbc"]] : []),
    [option, secret],
  ]);
  return renderPgBackRestIni({ global: Object.fromEntries(options) as IniSection });
}

/**
 * A PostgreSQL host's: the repositories, all by their host (docs/decisions/0018), that it pushes to and gets from, and the primary that it
 * streams from after a restore as a standby, also one by hand.
 */
function renderPostgreSqlHost(plan: LabPlan, host: HostPlan, config: PgBackRestConfig) {
  const repository = repositoryOf(plan).name;
  const repositoryHosts = config.repositories.map((_, index) => tlsHost(plan, `repo${index + 1}`, repository));
  return {
    global: {
      ...joined(repositoryHosts),
      ...DEFAULTS,
      ...without(pgBackRestOptions(config), REPOSITORY_ONLY),
      ...tlsServer(plan, [repository]),
    },
    [plan.stanza]: {
      ...cluster(plan, "pg1", host),
      "recovery-option": [`primary_conninfo=${replicationConnection(plan, host)}`],
    },
  };
}

/**
 * The standbys' part of the repository host's configuration, for conf.d: written once they stream, so that backups come from them; while none
 * runs, from the primary, where pgBackRest can.
 */
export function renderStandbysConf(plan: LabPlan, pgbackrestVersion: string): string {
  const standbys = trustedStandbysOf(plan);
  if (standbys.length === 0) return "# no standbys: backups are taken from the primary\n";
  const mode = hasFeature(pgbackrestVersion, "backup-standby=prefer") ? "prefer" : true;
  return renderPgBackRestIni({ global: { "backup-standby": mode }, [plan.stanza]: members(plan, standbys) });
}
