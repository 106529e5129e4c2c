import { X509Certificate } from "node:crypto";
import type { BackupApiFacts, BackupApiReport } from "./backup-api";
import { backupApiFindings } from "./backup-api";
import type { CertificateEnds } from "./expiry";
import type { Role } from "../plan/layout";

/** A host of a deployed lab, as the stack's outputs name it. */
export interface DeployedHost {
  readonly name: string;
  readonly role: Role;
  /** IPv4 address. */
  readonly address: string;
  /** Whether its certificate is to be refused. */
  readonly revoked?: boolean;
}

/** What `scripts/observe/status-host.sh` prints. */
export interface HostFacts {
  /** pgBackRest's version. */
  readonly pgbackrest: string;
  /** systemd's word for each unit: `active`, `failed` … */
  readonly units: Readonly<Record<string, string>>;
  /** The certificate that lies on the host, PEM; empty when there is none. */
  readonly certificate: string;
  /** The newest authority that the host trusts, PEM; empty when there is none. */
  readonly authority: string;
  /** `pgbackrest info --output=json`. */
  readonly info: readonly StanzaInfo[];
}

/** What `scripts/observe/status-handshakes.sh` prints of a mutual TLS handshake with each host's server, by the host's name. */
export type HandshakeFacts = Readonly<
  Record<
    string,
    {
      /** What went wrong; empty when it went well. */
      readonly problem: string;
      /** The certificate that the server showed, PEM; empty when it showed none. */
      readonly certificate: string;
    }
  >
>;

/** A stanza in `pgbackrest info --output=json`, as far as it is read here. */
export interface StanzaInfo {
  readonly name: string;
  /** The exit status of `info` says nothing: it is 0 on expired certificates and denied access too. */
  readonly status: {
    readonly code: number;
    readonly message: string;
    /** Whether a backup is at work. */
    readonly lock?: { readonly backup: { readonly held: boolean } };
  };
  /** What each repository answered; it says more than the status above when a repository could not be asked. */
  readonly repo?: readonly { readonly status: { readonly code: number; readonly message: string } }[];
  /** The archived WAL, a range a version of the database; `max` is the last segment's name. */
  readonly archive?: readonly { readonly max: string | null }[];
  readonly backup: readonly {
    readonly label: string;
    readonly type: string;
    readonly error: boolean | null;
    /** The first and the last WAL segment that it needs to be consistent. */
    readonly archive: { readonly start: string; readonly stop: string };
    /** Seconds since 1970. */
    readonly timestamp: { readonly start: number; readonly stop: number };
  }[];
}

/** What `scripts/observe/status-postgresql.sh` prints. */
export interface PostgreSqlFacts {
  readonly version: string;
  readonly inRecovery: boolean;
  /** `pg_stat_wal_receiver.status`; null when there is no receiver. */
  readonly receiver: string | null;
  /** `pg_stat_replication`. */
  readonly replication: readonly { readonly name: string; readonly address: string | null; readonly state: string }[];
  /** Replication slots that nobody reads: PostgreSQL keeps WAL for them until its disk is full. */
  readonly inactiveSlots: readonly string[];
  /** `pg_stat_archiver`: seconds since 1970, null when it never happened. */
  readonly archiver: { readonly archived: number | null; readonly failed: number | null };
}

/** What `scripts/observe/status-repository.sh` prints: a backup's label to whether a standby delivered its files. */
export type RepositoryFacts = Readonly<Record<string, boolean>>;

/** What was read from one host. What is missing has a reason in `failures`. */
export interface Facts {
  readonly failures: readonly string[];
  readonly host?: HostFacts;
  readonly handshakes?: HandshakeFacts;
  readonly postgresql?: PostgreSqlFacts;
  readonly repository?: RepositoryFacts;
  /** On the backup API's host. */
  readonly backupApi?: BackupApiFacts;
}

/** A host in a report. */
export interface HostReport extends DeployedHost {
  /** PostgreSQL's version; null on the repository host, and when it did not answer. */
  readonly postgresql: string | null;
  readonly pgbackrest: string | null;
  /** The units that must be active, and whether they are. */
  readonly units: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly certificateEnd: string | null;
  /** Whether a standby streams from the primary; null on the other hosts. */
  readonly streaming: boolean | null;
  /** A host's name to what went wrong in a handshake with its server; empty when it went well. */
  readonly handshakes: Readonly<Record<string, string>>;
}

/** A backup in a report. */
export interface BackupReport {
  readonly label: string;
  readonly type: string;
  /** Whether a standby delivered the files; null when the repository's list could not be read. */
  readonly fromStandby: boolean | null;
  /** ISO 8601. */
  readonly start: string;
  /** ISO 8601. */
  readonly stop: string;
}

/** What a lab is worth at this moment. */
export interface Report {
  /** Whether nothing was found. */
  readonly proven: boolean;
  /** What fails, a sentence each. */
  readonly findings: readonly string[];
  readonly hosts: readonly HostReport[];
  readonly stanza: { readonly name: string; readonly status: string };
  /** Oldest first. */
  readonly backups: readonly BackupReport[];
  /** Undefined when the lab has no backup API. */
  readonly backupApi?: BackupApiReport;
}

/** The hosts whose TLS servers a host talks to: the repository host to every PostgreSQL host that is not revoked, and each of them to it. */
export function peersOf(host: DeployedHost, hosts: readonly DeployedHost[]): string[] {
  const isRepository = host.role === "repository";
  if (host.revoked) return [];
  return hosts
    .filter(({ revoked }) => !revoked)
    .filter(({ role }) => role !== "barman" && host.role !== "barman" && (role === "repository") !== isRepository)
    .map(({ name }) => name);
}

/** What pgBackRest answers a client that it knows and does not let in, in `info` too. */
const DENIED = "access denied";

/** The code in `info` of a repository that could not be asked. */
const OTHER = 99;

/** Judges what was read from the hosts of a lab. */
export function judge(stanza: string, hosts: readonly DeployedHost[], facts: ReadonlyMap<string, Facts>): Report {
  const factsOf = ({ name }: DeployedHost): Facts => facts.get(name) ?? { failures: ["nothing was read from it"] };
  const primary = hosts.find(({ role }) => role === "primary");
  const repository = hosts.find(({ role }) => role === "repository");
  const standbys = hosts.filter(({ role }) => role === "standby");

  const senders = primary === undefined ? [] : (factsOf(primary).postgresql?.replication ?? []);
  const streams = (standby: DeployedHost): boolean =>
    factsOf(standby).postgresql?.receiver === "streaming" &&
    senders.some(({ address, state }) => address === standby.address && state === "streaming");

  const info = repository && factsOf(repository).host?.info.find(({ name }) => name === stanza);
  const deliveredByStandby = (repository && factsOf(repository).repository) ?? {};
  const backups = (info?.backup ?? []).map(({ label, type, timestamp }): BackupReport => {
    return {
      label,
      type,
      fromStandby: deliveredByStandby[label] ?? null,
      start: isoSeconds(timestamp.start),
      stop: isoSeconds(timestamp.stop),
    };
  });

  const problems = new Map(hosts.map((host) => [host.name, problemsOf(host, factsOf(host), stanza, repository)]));
  const isReached = (name: string): boolean => [...problems.values()].some((peers) => peers[name] === "");

  const apiHost = hosts.find((host) => factsOf(host).backupApi !== undefined);
  const api = apiHost && factsOf(apiHost).backupApi;

  const findings = [
    ...hosts.flatMap((host) => {
      // Who does not reach a host that others reach does not know what it shows.
      const shown = shownBy(host.name, facts);
      return findingsOf(host, factsOf(host), shown === "" && isReached(host.name) ? undefined : shown, stanza).map(
        (finding) => `${host.name}: ${finding}`,
      );
    }),
    ...standbys.filter((host) => !streams(host)).map(({ name }) => `${name}: does not stream from the primary`),
    ...versionFindings(hosts, factsOf),
    ...backupFindings(
      info,
      backups,
      standbys.some(({ revoked }) => !revoked),
    ),
  ];
  return {
    proven: findings.length === 0,
    findings,
    hosts: hosts.map((host) => {
      const { host: read, postgresql } = factsOf(host);
      return {
        ...host,
        postgresql: postgresql?.version ?? null,
        pgbackrest: read?.pgbackrest ?? null,
        units: read?.units ?? {},
        certificateEnd: isoDate(endOf(read?.certificate ?? "")),
        streaming: host.role === "standby" ? streams(host) : null,
        handshakes: problems.get(host.name) ?? {},
      };
    }),
    stanza: { name: stanza, status: info?.status.message ?? "unknown" },
    backups,
    backupApi: apiHost && api && reportBackupApi(apiHost, api),
  };
}

function reportBackupApi({ name, address }: DeployedHost, facts: BackupApiFacts): BackupApiReport {
  const { barman, backups, certificateEnd, clients } = facts;
  return { host: name, address, barman, backup: backups[0] ?? null, certificateEnd: isoDate(certificateEnd), clients };
}

/**
 * What went wrong between a host and the servers that it talks to, by their names; an empty text where nothing did. A standby does not shake
 * hands for its own sake: its `info` comes from the repository host by mutual TLS.
 */
function problemsOf(
  { name, role, revoked }: DeployedHost,
  { host: read, handshakes }: Facts,
  stanza: string,
  repository: DeployedHost | undefined,
): Record<string, string> {
  const problems = Object.entries(handshakes ?? {}).map(([peer, { problem }]): [string, string] => [peer, problem]);
  if (role === "standby" && !revoked && repository && read) {
    const status = statusOf(stanza, read);
    problems.unshift([repository.name, status?.code === OTHER ? status.message : ""]);
  }
  return Object.fromEntries(problems.filter(([peer]) => peer !== name));
}

/** A stanza's status; a repository's own says more when it could not be asked. */
function statusOf(stanza: string, { info }: HostFacts): StanzaInfo["status"] | undefined {
  const known = info.find(({ name }) => name === stanza);
  return known?.repo?.find(({ status: { code } }) => code !== 0)?.status ?? known?.status;
}

/** The certificate that a host's TLS server showed to a host that talked to it, PEM; undefined when none did. */
function shownBy(name: string, facts: ReadonlyMap<string, Facts>): string | undefined {
  const shown = [...facts.values()].flatMap(({ handshakes }) => handshakes?.[name]?.certificate ?? []);
  return shown.find((certificate) => certificate !== "") ?? shown[0];
}

/** When the certificates of a lab's hosts end, as far as it could be read. */
export function certificateEnds(facts: ReadonlyMap<string, Facts>): Map<string, CertificateEnds> {
  return new Map(
    [...facts].flatMap(([name, { host }]) =>
      host === undefined
        ? []
        : [[name, { served: endOf(shownBy(name, facts) ?? ""), authority: endOf(host.authority) }]],
    ),
  );
}

function findingsOf(host: DeployedHost, facts: Facts, shown: string | undefined, stanza: string): string[] {
  const { failures, host: read, handshakes = {}, postgresql } = facts;
  const findings = [...failures, ...(facts.backupApi ? backupApiFindings(facts.backupApi, Date.now()) : [])];
  for (const [peer, { problem }] of Object.entries(handshakes)) {
    if (problem !== "") findings.push(`no mutual TLS handshake with ${peer}: ${problem}`);
  }
  if (read !== undefined) {
    for (const [unit, state] of Object.entries(read.units)) {
      if (state !== "active") findings.push(`unit ${unit} is ${state}`);
    }
    if (read.certificate === "") findings.push("has no certificate");
    if (shown === "") findings.push("its TLS server shows no certificate");
    else if (shown !== undefined && !isSameCertificate(shown, read.certificate)) {
      findings.push(
        `its TLS server shows a certificate that ends ${endOf(shown)}, not the installed one, which ends ` +
          `${endOf(read.certificate)}; hint: systemctl reload pgbackrest`,
      );
    }
    const status = statusOf(stanza, read);
    if (host.revoked) {
      if (!status?.message.includes(DENIED)) {
        findings.push(`is revoked, but is not refused: stanza ${stanza}: ${status?.message ?? "unknown"}`);
      }
    } else if (status === undefined) findings.push(`pgbackrest info knows no stanza ${stanza}`);
    else if (status.code !== 0) findings.push(`stanza ${stanza}: ${status.message} (code ${status.code})`);
  }
  if (postgresql !== undefined) {
    const { inRecovery, inactiveSlots, archiver } = postgresql;
    for (const slot of inactiveSlots) {
      findings.push(
        `replication slot ${slot} keeps WAL, and nobody reads it; hint: when that stays, ` +
          `SELECT pg_drop_replication_slot('${slot}')`,
      );
    }
    if (inRecovery !== (host.role === "standby")) {
      findings.push(
        inRecovery ? "is in recovery, but should be the primary" : "is not in recovery, but should be a standby",
      );
    }
    if (!inRecovery && (archiver.failed ?? 0) > (archiver.archived ?? 0)) {
      findings.push(`the last WAL segment was not archived (${isoSeconds(archiver.failed ?? 0)})`);
    }
  }
  return findings;
}

/** pgBackRest refuses to talk to another version. */
function versionFindings(hosts: readonly DeployedHost[], factsOf: (host: DeployedHost) => Facts): string[] {
  const versions = hosts.flatMap((host) => {
    const version = factsOf(host).host?.pgbackrest;
    return version === undefined ? [] : [{ name: host.name, version }];
  });
  if (new Set(versions.map(({ version }) => version)).size <= 1) return [];
  return [`pgBackRest's version differs: ${versions.map(({ name, version }) => `${name} has ${version}`).join(", ")}`];
}

function backupFindings(
  info: StanzaInfo | undefined,
  backups: readonly BackupReport[],
  hasStandbys: boolean,
): string[] {
  if (info === undefined) return [];
  const findings: string[] = [];
  for (const { label, error } of info.backup) {
    if (error === true) findings.push(`backup ${label} has pages with wrong checksums`);
  }
  if (!backups.some(({ type }) => type === "full")) findings.push("there is no full backup");
  if (hasStandbys && !backups.some(({ fromStandby }) => fromStandby === true)) {
    findings.push("there is no backup from a standby");
  }
  return findings;
}

/** Whether two PEM texts hold the same: lines of one that was made elsewhere may have another length. */
function isSameCertificate(one: string, other: string): boolean {
  return one.replaceAll(/\s/g, "") === other.replaceAll(/\s/g, "");
}

/** The end of a certificate, in OpenSSL's words (`Feb 21 18:00:00 2027 GMT`); empty when there is none. */
function endOf(pem: string): string {
  return pem === "" ? "" : new X509Certificate(pem).validTo;
}

function isoSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

function isoDate(openssl: string | undefined): string | null {
  const time = Date.parse(openssl ?? "");
  return Number.isNaN(time) ? null : new Date(time).toISOString().replace(".000Z", "Z");
}
