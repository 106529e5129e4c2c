import type { Scheduled } from "../config/schedule";
import { clusterOf, type HostPlan } from "../plan/plan";
import { scheduleOf } from "../plan/schedule";
import { primaryClients } from "../plan/replication";
import type { PeerFacts, ScheduleFacts } from "./facts";
import { type Area, AREAS, type Finding, type Findings, type Level, type Stage, STAGES, worst } from "./findings";
import {
  isFromStandby,
  isoTime,
  isStreaming,
  type ObservedHost,
  type ObservedLab,
  type ObservedRepository,
} from "./lab";
import { parseCertificates } from "./rules/certificates";
import { parseHandshake } from "./rules/peers";
import { walGap } from "./rules/postgresql";
import { reachesOf } from "./rules/wal";
import type { Reach } from "./wal";

/** What is told of an area or a stage; `-` where nothing could be read, or there is nothing to read. */
export type Verdict = Level | "ok" | "-";

export interface HostReport extends Pick<HostPlan, "name" | "role" | "address" | "revoked"> {
  /** PostgreSQL's version; null where it has none, and when it did not answer. */
  readonly postgresql: string | null;
  readonly pgbackrest: string | null;
  /** ISO 8601. */
  readonly certificateExpires: string | null;
  /** Whether a standby streams from the primary; null on the other hosts. */
  readonly streaming: boolean | null;
  readonly verdicts: Readonly<Record<Area, Verdict>>;
}

export interface PairReport {
  readonly client: string;
  readonly server: string;
  readonly port: number;
  readonly verdicts: Readonly<Record<Stage, Verdict>>;
  /** TLS's version. */
  readonly protocol: string | null;
}

export interface BackupReport {
  readonly label: string;
  readonly type: string;
  /** The number of its repository. */
  readonly repository: number;
  /** Whether a standby delivered the files; null when the repository's list could not be read. */
  readonly fromStandby: boolean | null;
  /** ISO 8601. */
  readonly start: string;
  readonly stop: string;
  /** How far it restores; null when that cannot be told, and of a cluster before the present one. */
  readonly reach: Omit<Reach, "label"> | null;
}

/** What the repository host runs by itself. */
export interface ScheduleReport {
  readonly kind: string;
  /** systemd's calendar words. */
  readonly calendar: string;
  readonly running: boolean;
  /** ISO 8601; null while it runs, and when it will not. */
  readonly next: string | null;
  /** The last run; null before the first one. */
  readonly last: {
    /** ISO 8601. */
    readonly time: string;
    /** Left out: of a repository at least no backup was taken, as another one ran. */
    readonly outcome: "good" | "left out" | "failed";
    /** pgBackRest's words; empty where it was good. */
    readonly words: string;
  } | null;
}

export interface BackupApiReport {
  readonly host: string;
  readonly address: string;
  readonly barman: string;
  /** The newest of Barman's backups; null when there is none. */
  readonly backup: string | null;
  /** ISO 8601; null when there is none. */
  readonly certificateExpires: string | null;
  /** Each client's common name to the expiry of its certificate, ISO 8601. */
  readonly clients: Readonly<Record<string, string>>;
}

/** What a lab is worth at this moment. */
export interface Report extends Omit<Findings, "causes"> {
  /** Whether nothing failed, of what was asked. */
  readonly healthy: boolean;
  /** Causes, failures first. */
  readonly findings: readonly Finding[];
  readonly hosts: readonly HostReport[];
  readonly pairs: readonly PairReport[];
  readonly stanza: { readonly name: string; readonly status: string };
  /** Oldest first. */
  readonly backups: readonly BackupReport[];
  /** What is scheduled; empty where nothing is, and where it could not be read. */
  readonly schedule: readonly ScheduleReport[];
  /** Seconds since the last backup of each type. */
  readonly backupAges: Readonly<Record<string, number>>;
  /** WAL segments that wait to be archived; null when it cannot be told. */
  readonly walGap: number | null;
  /** Undefined when the lab has no backup API. */
  readonly backupApi?: BackupApiReport;
}

/** The fact without which nothing is known of an area. */
const SOURCES = {
  ...{ certificate: "certificates", units: "units", files: "files", versions: "stanza", PostgreSQL: "postgresql" },
  ...{ stanza: "stanza", disk: "disks", "backup API": "backupApi" },
} as const satisfies Partial<Record<Area, keyof ObservedHost["facts"]>>;

/** Joins what was seen and what was found; commands in remedies name the stack. */
export function reportOn(lab: ObservedLab, { causes, ...found }: Findings, stack: string): Report {
  const { hosts, primary, repositories, stanza: info, plan, now } = lab;
  const named = (findings: readonly Finding[]): Finding[] =>
    findings.map((finding) => ({
      ...finding,
      remedy: finding.remedy.replaceAll(/\.\/lab (\w[\w-]*)/g, `./lab $1 --stack ${stack}`),
    }));
  const all = [...causes, ...found.consequences];
  const { segment, segmentSize } = primary.facts.postgresql ?? {};
  const gaps = repositories.map(({ stanza }) =>
    segment == null || segmentSize === undefined
      ? undefined
      : walGap(stanza?.archive?.at(-1)?.max, segment, segmentSize),
  );
  const apiHost = hosts.find(({ facts }) => facts.backupApi !== undefined);
  return {
    proven: found.proven,
    healthy: worst(all) !== "fail",
    findings: named(causes),
    unproven: named(found.unproven),
    drift: named(found.drift),
    consequences: named(found.consequences),
    hosts: hosts.map((host) => reportOnHost(host, primary, all)),
    pairs: pairsOf(lab).map((pair) => reportOnPair(pair, all)),
    stanza: { name: plan.stanza, status: info?.status.message ?? "unknown" },
    backups: repositories
      .flatMap((repository) => reportOnBackups(lab, repository))
      .sort((one, other) => one.start.localeCompare(other.start)),
    schedule: scheduleOf(plan).flatMap((each) => reportOnSchedule(each, lab.repository.facts.schedule?.[each.kind])),
    backupAges: Object.fromEntries(
      (info?.backup ?? []).map(({ type, timestamp }) => [type, Math.floor(now) - timestamp.stop]),
    ),
    walGap: gaps.includes(undefined) ? null : Math.max(...(gaps as number[])),
    ...(apiHost === undefined ? {} : { backupApi: reportOnApi(apiHost) }),
  };
}

function reportOnBackups(lab: ObservedLab, repository: ObservedRepository): BackupReport[] {
  const reachOf = Object.fromEntries(reachesOf(lab, repository).map(({ label, ...reach }) => [label, reach]));
  return (repository.stanza?.backup ?? []).map(({ label, type, timestamp }) => ({
    ...{ label, type, repository: repository.number, fromStandby: isFromStandby(repository, label) ?? null },
    ...{ start: isoTime(timestamp.start), stop: isoTime(timestamp.stop) },
    reach: reachOf[label] ?? null,
  }));
}

function reportOnSchedule(scheduled: Scheduled, seen: ScheduleFacts | undefined): ScheduleReport[] {
  if (seen === undefined) return [];
  const { next, last, service } = seen;
  const failed = last?.result === "success" ? "left out" : "failed";
  const outcome = last?.result === "success" && last.words === "" ? "good" : failed;
  return [
    {
      ...{ ...scheduled, running: service.state === "activating", next: next === null ? null : isoTime(next) },
      last: last && { time: isoTime(last.time), outcome, words: last.words },
    },
  ];
}

function reportOnHost(host: ObservedHost, primary: ObservedHost, findings: readonly Finding[]): HostReport {
  const { name, role, address, revoked, facts } = host;
  const verdictOf = (area: Area): Verdict => {
    const own = findings.filter((finding) => finding.host === name && finding.area === area);
    const isRead = area === "host" || facts[SOURCES[area]] !== undefined;
    const isUnseen = area !== "host" && host.unreachable !== undefined;
    return isUnseen || (own.length === 0 && !isRead) ? "-" : worst(own);
  };
  return {
    ...{ name, role, address, revoked },
    postgresql: facts.postgresql?.version ?? null,
    pgbackrest: facts.stanza?.version ?? null,
    certificateExpires: expiryOf(facts.certificates?.certificate),
    streaming: role === "standby" ? isStreaming(host, primary) : null,
    verdicts: Object.fromEntries(AREAS.map((area) => [area, verdictOf(area)])) as HostReport["verdicts"],
  };
}

interface Pair extends Pick<PairReport, "client" | "server" | "port"> {
  readonly seen: PeerFacts | undefined;
  /** What there is to look at. */
  readonly stages: readonly Stage[];
}

/** Who talks to whom: by pgBackRest's protocol, and by PostgreSQL's. */
function pairsOf({ hosts, primary, plan }: ObservedLab): Pair[] {
  const streamers = primaryClients(plan).map(({ host }) => host);
  const stages: Stage[] = plan.postgresql.tls ? ["TCP", "TLS", "authorization"] : ["TCP", "authorization"];
  return hosts.flatMap(({ name: client, peers, facts }) => [
    ...peers.map((server) => ({
      client,
      server,
      port: plan.ports.pgbackrest,
      seen: facts.peers?.[server],
      stages: STAGES,
    })),
    ...(streamers.includes(client)
      ? [{ client, server: primary.name, port: clusterOf(plan, primary).port, seen: facts.primary, stages }]
      : []),
  ]);
}

function reportOnPair({ client, server, port, seen, stages }: Pair, findings: readonly Finding[]): PairReport {
  const own = findings.filter((each) => each.host === client && each.peer === server && each.port === port);
  const reached = STAGES.findIndex((stage) => own.some(({ area, level }) => area === stage && level === "fail"));
  const verdictOf = (stage: Stage, index: number): Verdict =>
    seen === undefined || !stages.includes(stage) || (reached >= 0 && index > reached)
      ? "-"
      : worst(own.filter(({ area }) => area === stage));
  return {
    ...{ client, server, port },
    verdicts: Object.fromEntries(
      STAGES.map((stage, index) => [stage, verdictOf(stage, index)]),
    ) as PairReport["verdicts"],
    protocol: (seen && parseHandshake(seen.said).protocol) ?? null,
  };
}

function reportOnApi({ name: host, address, facts: { backupApi } }: ObservedHost): BackupApiReport {
  const { barman = "", backups = [], certificate, clients = {} } = backupApi ?? {};
  return { host, address, barman, backup: backups[0] ?? null, certificateExpires: expiryOf(certificate), clients };
}

function expiryOf(pem = ""): string | null {
  const [certificate] = parseCertificates(pem);
  return certificate === undefined ? null : isoTime(Date.parse(certificate.validTo) / 1000);
}
