import type { HostFacts, PostgreSqlFacts, ReadHost, StanzaInfo, UnitFacts, WalArchive } from "../../observe/facts";
import { type Finding, type Findings, judge } from "../../observe/findings";
import { type DeployedLab, type ObservedLab, observedLab } from "../../observe/lab";
import { ALL_RULES } from "../../observe/rules";
import { planLab } from "../../plan/plan";
import type { ManagedHost } from "../../steps/inventory";
import { stackConfig } from "./stack-config";

/** A lab of a repository host, a primary and a standby, as the stack's outputs tell it. */
export function deployedLab(settings: Record<string, unknown> = {}): DeployedLab {
  const configuration = stackConfig("container", { standbys: 1, ...settings });
  const ssh = { user: "lab", privateKey: "", hostKeys: {} };
  const unit = (name: string): ManagedHost => ({
    files: [],
    units: [{ name: "pgbackrest.service", steps: [`${name}-pgbackrest-start`] }],
    packages: [],
    settings: { file: "/etc/lab/postgresql.conf", steps: [`${name}-postgresql-start`] },
    stanza: { name: "demo", steps: [`${name}-stanza-create`] },
  });
  const plan = planLab(configuration);
  const managed = Object.fromEntries(plan.hosts.map(({ name }) => [name, unit(name)]));
  return { stack: "container", plan, configuration, ssh, managed };
}

export const BACKUP: StanzaInfo["backup"][number] = {
  label: "20261123-184305F",
  type: "full",
  error: false,
  timestamp: { start: 1795459385, stop: 1795459389 },
  archive: { start: "000000010000000000000003", stop: "000000010000000000000004" },
  database: { id: 1 },
  lsn: { start: "0/3000028", stop: "0/4000100" },
};

/** An hour after the backup. */
export const NOW = BACKUP.timestamp.stop + 3600;

export const INFO: StanzaInfo = {
  name: "demo",
  status: { code: 0, message: "ok", lock: { backup: { held: false } } },
  archive: [{ id: "15-1", database: { id: 1 }, max: "000000010000000000000008" }],
  backup: [BACKUP],
};

export const UNIT: UnitFacts = {
  state: "active",
  sub: "running",
  restarts: 0,
  enabled: "enabled",
  seconds: 400,
  error: "",
};

export const PRIMARY: NonNullable<PostgreSqlFacts> = {
  version: "15.20",
  inRecovery: false,
  receiver: null,
  segment: "000000010000000000000009",
  segmentSize: 16 * 1024 ** 2,
  archiver: { failedWal: null, failed: null, archivedWal: null, archived: 10 },
  replication: [{ address: "10.83.14.12", state: "streaming", behind: 0 }],
  slots: [],
  system: "7300000000000000001",
  position: "0/9000148",
  lastCommit: "2026-11-27 02:00:00 UTC",
  included: true,
  stale: false,
  overridden: [],
};

export const STANDBY: NonNullable<PostgreSqlFacts> = {
  ...PRIMARY,
  ...{ inRecovery: true, receiver: "streaming", segment: null, position: null, lastCommit: null, replication: [] },
};

const SAID = `New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384\n{"name":"pgBackRest","service":"remote","version":"2.45"}`;

/** A client that gets on well with a server. */
export const TALKS = { tcp: "", said: SAID, authorization: "" };

/** A standby that PostgreSQL on the primary lets in. */
export const STREAMS = { tcp: "", said: "New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384", authorization: "" };

const STANZA = { version: "2.45", stopped: [], info: [INFO] };

/** PostgreSQL's unit. */
export const POSTGRESQL_UNIT = deployedLab().plan.postgresql.service;

/** What the hosts of a lab tell that is as it should be. */
export const GOOD: Readonly<Record<string, HostFacts>> = {
  "backup-srv": {
    units: { "pgbackrest.service": UNIT },
    stanza: { ...STANZA, labels: { 1: [BACKUP.label] } },
    repositories: { 1: { fromStandby: { [BACKUP.label]: true }, unusable: [], wal: walOf(segmentsUpTo(8)) } },
    peers: { "pg1-srv": TALKS, "pg2-srv": TALKS },
    disks: { "/backup_space": { device: "1", size: 1000, free: 900 } },
  },
  "pg1-srv": {
    units: { "pgbackrest.service": UNIT, [POSTGRESQL_UNIT]: UNIT },
    stanza: STANZA,
    peers: { "backup-srv": TALKS },
    postgresql: PRIMARY,
  },
  "pg2-srv": {
    units: { "pgbackrest.service": UNIT, [POSTGRESQL_UNIT]: UNIT },
    stanza: STANZA,
    peers: { "backup-srv": TALKS },
    primary: STREAMS,
    postgresql: STANDBY,
  },
};

/** Changes of what hosts tell; of a host that cannot be asked, the reason. */
export type Changes = Readonly<Record<string, HostFacts | string>>;

export function observed(changes: Changes = {}, lab: DeployedLab = deployedLab()): ObservedLab {
  const read = Object.entries(GOOD).map(([host, facts]): [string, ReadHost] => {
    const change = changes[host] ?? {};
    if (typeof change === "string") return [host, { facts: {}, unread: {}, unreachable: change }];
    return [host, { facts: { ...facts, ...change }, unread: {} }];
  });
  return { ...observedLab(lab, new Map(read)), now: NOW };
}

export function judged(changes: Changes = {}, lab?: DeployedLab): Findings {
  return judge(observed(changes, lab), ALL_RULES);
}

/** `LEVEL CODE HOST: CAUSE`, or `LEVEL CODE CLIENT → SERVER: CAUSE`. */
export function told(findings: readonly Finding[]): string[] {
  return findings.map(
    ({ level, code, host, peer, cause }) =>
      `${level} ${code} ${peer === undefined ? host : `${host} → ${peer}`}: ${cause}`,
  );
}

/** A stanza's WAL, each segment archived a minute after the one before, the last at `NOW`. */
export function walOf(
  segments: readonly string[],
  histories: Readonly<Record<string, string>> = {},
): Record<string, WalArchive> {
  const times = segments.map((name, index): [string, number] => [name, NOW - 60 * (segments.length - 1 - index)]);
  return { "15-1": { segments: Object.fromEntries(times), histories } };
}

/** The names of the first segments of timeline 1, from the third on. */
export function segmentsUpTo(last: number): string[] {
  return Array.from(
    { length: last - 2 },
    (_, index) => `0000000100000000${(index + 3).toString(16).toUpperCase().padStart(8, "0")}`,
  );
}
