import { POSTGRESQL_FILES } from "../../plan/layout";
import type { ManagedHost } from "../../steps/inventory";
import type { DeployedHost } from "../proofs";
import { peersOf } from "../proofs";
import { diskFindings } from "./disks";
import { fileFindings, packageFindings } from "./drift";
import type { HostCondition } from "./facts";
import type { Area, Finding, Level, Stage } from "./findings";
import { AREAS, STAGES, worst } from "./findings";
import { certificateFindings } from "./host-certificate";
import { parseHandshake, peerFindings } from "./peers";
import { postgreSqlFindings } from "./postgresql";
import { repositoryFileFindings } from "./repository-files";
import { backupAges, backupFindings, brokenOffFindings, stanzaFindings, walFindings, walGap } from "./stanza";
import { unitFindings } from "./units";

/** A verdict; `-` where nothing could be read, or there is nothing to read. */
export type Verdict = Level | "ok" | "-";

/** What the doctor has to say. */
export interface Diagnosis {
  /** Whether nothing failed. */
  readonly healthy: boolean;
  readonly hosts: readonly { readonly host: string; readonly verdicts: Readonly<Record<Area, Verdict>> }[];
  readonly pairs: readonly {
    readonly client: string;
    readonly server: string;
    readonly verdicts: Readonly<Record<Stage, Verdict>>;
    /** TLS's version. */
    readonly protocol: string | null;
  }[];
  /** Seconds since the last backup of each type. */
  readonly backupAges: Readonly<Record<string, number>>;
  /** WAL segments that wait to be archived; null when it cannot be told. */
  readonly walGap: number | null;
  /** Failures first. */
  readonly findings: readonly Finding[];
}

/** The lab that is examined. */
export interface Patient {
  readonly hosts: readonly DeployedHost[];
  readonly stanza: string;
  readonly account: (host: DeployedHost) => string;
  /** What the program wants of each host; undefined for a lab from before it told. */
  readonly managed: Readonly<Record<string, ManagedHost>> | undefined;
}

/** Judges what was read from the hosts of a lab. */
export function diagnose(patient: Patient, conditions: ReadonlyMap<string, HostCondition>): Diagnosis {
  const hosts = patient.hosts.filter(({ role }) => role !== "barman");
  const of = ({ name }: DeployedHost): HostCondition =>
    conditions.get(name) ?? { failures: ["nothing was read from it"] };
  const repository = hosts.find(({ role }) => role === "repository");
  const primary = hosts.find(({ role }) => role === "primary");
  const seen = repository && of(repository).stanza?.info?.find(({ name }) => name === patient.stanza);
  const now = (repository && of(repository).certificates?.now) ?? 0;
  const written = primary && of(primary).postgresql;
  const gap = written?.answers ? walGap(seen?.archive?.at(-1)?.max, written.segment, written.segmentSize) : undefined;

  const findings = [
    ...hosts.flatMap((host) => hostFindings(patient, host, of(host))),
    ...hosts.flatMap((host) =>
      Object.entries(of(host).peers ?? {}).flatMap(([server, facts]) =>
        peerFindings(host.name, server, facts, of(host).stanza?.version),
      ),
    ),
    ...versionFindings(hosts, of),
    ...(repository && seen ? backupFindings(repository.name, seen, now) : []),
    ...(repository && seen ? brokenOffFindings(repository.name, seen, of(repository).stanza?.labels ?? []) : []),
    ...(repository ? repositoryFileFindings(repository.name, of(repository).verified ?? {}, seen) : []),
    ...(primary ? walFindings(primary.name, gap) : []),
  ];
  return {
    healthy: worst(findings) !== "fail",
    hosts: hosts.map((host) => ({ host: host.name, verdicts: hostVerdicts(host, of(host), findings) })),
    pairs: hosts.flatMap((host) =>
      peersOf(host, hosts).map((server) => pairVerdicts(host.name, server, of(host), findings)),
    ),
    backupAges: seen ? backupAges(seen, now) : {},
    walGap: gap ?? null,
    findings: [
      ...findings.filter(({ level }) => level === "fail"),
      ...findings.filter(({ level }) => level === "warn"),
    ],
  };
}

function hostFindings(patient: Patient, host: DeployedHost, condition: HostCondition): Finding[] {
  const { certificates, units, disks, stanza, postgresql, files, packages, failures } = condition;
  const { name } = host;
  const managed = patient.managed?.[name];
  const unread = failures.map((cause): Finding => {
    const remedy = cause.startsWith("no SSH") ? "./lab up starts a host that is off" : "run it again, with --debug";
    return { level: "fail", host: name, area: "host", subject: host.address, cause, remedy };
  });
  const standbys = patient.hosts.filter(({ role }) => role === "standby");
  return [
    ...unread,
    ...(certificates ? certificateFindings({ name, account: patient.account(host) }, certificates) : []),
    ...(units ? unitFindings(name, units) : []),
    ...(managed && files ? fileFindings(name, managed, files) : []),
    ...(managed && packages ? packageFindings(name, managed, packages) : []),
    ...(postgresql
      ? postgreSqlFindings({ name, role: host.role, settings: POSTGRESQL_FILES.settings, standbys }, postgresql)
      : []),
    ...(stanza ? stanzaFindings(name, patient.stanza, stanza) : []),
    ...(disks ? diskFindings(name, disks) : []),
  ].map((finding) => withSteps(finding, managed));
}

/** The steps that put right what a finding is about. */
function withSteps(finding: Finding, managed: ManagedHost | undefined): Finding {
  if (finding.steps !== undefined || managed === undefined) return finding;
  const { files, units, settings } = managed;
  const ofFile = finding.area === "certificate" ? files.find(({ path }) => path === finding.subject)?.steps : undefined;
  const ofUnit = finding.area === "units" ? units.find(({ name }) => name === finding.subject)?.steps : undefined;
  // An ALTER SYSTEM is somebody's will, in PostgreSQL's own file: no step takes it back.
  const isOurs = finding.area === "PostgreSQL" && finding.remedy === "./lab drift --fix";
  const steps = ofFile ?? ofUnit ?? (isOurs ? settings?.steps : undefined);
  return steps === undefined ? finding : { ...finding, steps };
}

/** pgBackRest refuses to talk to another version; standbys need the primary's PostgreSQL. */
function versionFindings(hosts: readonly DeployedHost[], of: (host: DeployedHost) => HostCondition): Finding[] {
  const told = [
    ["pgBackRest", (host: DeployedHost) => of(host).stanza?.version],
    [
      "PostgreSQL",
      (host: DeployedHost) => {
        const state = of(host).postgresql;
        return state?.answers ? state.version : undefined;
      },
    ],
  ] as const;
  return told.flatMap(([program, versionOf]): Finding[] => {
    const versions = hosts.flatMap((host) => {
      const version = versionOf(host);
      return version === undefined ? [] : [{ name: host.name, version }];
    });
    const [first] = versions;
    const others = versions.filter(({ version }) => version !== first?.version);
    return others.map(({ name, version }) => ({
      level: program === "pgBackRest" ? "fail" : "warn",
      host: name,
      area: "versions",
      subject: program,
      cause: `${name} runs ${program} ${version}, ${first?.name ?? ""} ${first?.version ?? ""}`,
      remedy: "install the same version on all hosts",
    }));
  });
}

function hostVerdicts(
  host: DeployedHost,
  condition: HostCondition,
  findings: readonly Finding[],
): Readonly<Record<Area, Verdict>> {
  const read: Record<Area, unknown> = {
    host: true,
    certificate: condition.certificates,
    units: condition.units,
    files: condition.files,
    versions: condition.stanza,
    PostgreSQL: condition.postgresql,
    stanza: condition.stanza,
    disk: condition.disks,
  };
  return Object.fromEntries(
    AREAS.map((area) => {
      const own = findings.filter((finding) => finding.host === host.name && finding.area === area);
      return [area, own.length === 0 && read[area] === undefined ? "-" : worst(own)];
    }),
  ) as Record<Area, Verdict>;
}

function pairVerdicts(client: string, server: string, { peers }: HostCondition, findings: readonly Finding[]) {
  const own = findings.filter((finding) => finding.host === client && finding.peer === server);
  const facts = peers?.[server];
  const reached = STAGES.findIndex((stage) => own.some(({ area }) => area === stage));
  const verdict = (stage: Stage, index: number): Verdict => {
    if (facts === undefined || (reached >= 0 && index > reached)) return "-";
    return worst(own.filter(({ area }) => area === stage));
  };
  return {
    client,
    server,
    verdicts: Object.fromEntries(STAGES.map((stage, index) => [stage, verdict(stage, index)])) as Record<
      Stage,
      Verdict
    >,
    protocol: (facts && parseHandshake(facts.said).protocol) ?? null,
  };
}
