import type { ApiAccess } from "../plan/access";
import type { SshAccess } from "../plan/access";
import { pgBackRestOptions } from "../config/data-path";
import type { LabConfig, PgBackRestOptions } from "../config/schema";
import { repositoryOptions } from "../config/repositories";
import { type HostPlan, type LabPlan, repositoriesOf, type RepositoryPlan } from "../plan/plan";
import type { ManagedHost } from "../steps/inventory";
import type { BackupInfo, HostFacts, ReadHost, RepositoryFacts, StanzaInfo } from "./facts";

/** What a rule can know of a host: its plan, what was read, and what the program wants of it. */
export interface ObservedHost extends HostPlan, ReadHost {
  readonly managed: ManagedHost;
}

/** What a rule can know of a lab: the deployed plan, and what was read. */
export interface ObservedLab {
  readonly stack: string;
  readonly configuration: LabConfig;
  readonly plan: LabPlan;
  readonly hosts: readonly ObservedHost[];
  readonly repository: ObservedHost;
  /** What lies on it, the first one first. */
  readonly repositories: readonly ObservedRepository[];
  readonly primary: ObservedHost;
  readonly standbys: readonly ObservedHost[];
  /** The stanza as the repository host sees it; undefined when it cannot. */
  readonly stanza: StanzaInfo | undefined;
  /** Days before a host certificate expires in which `up` signs a new one; 0 for never. */
  readonly renewDays: number;
  /** pgBackRest's options, the lab's defaults included. */
  readonly pgbackrest: PgBackRestOptions;
  /** Seconds since 1970, by the repository host's clock where that was read. */
  readonly now: number;
}

/** A repository, as its host sees it. */
export interface ObservedRepository extends RepositoryPlan {
  readonly facts: RepositoryFacts | undefined;
  /** The stanza in it alone; undefined when it is not told. */
  readonly stanza: StanzaInfo | undefined;
  /** What findings say of it. */
  readonly words: RepositoryWords;
}

/** What findings say of a repository: of the only one not which. */
interface RepositoryWords {
  /** Its number where there are several. */
  readonly inRepository?: number;
  /** `the repository`, or `repo2 (/srv/second)`. */
  readonly its: string;
  /** Nothing, or ` in repo2 (/srv/second)`. */
  readonly place: string;
  /** Nothing, or ` --repo=2`. */
  readonly option: string;
}

/** A lab that `up` has brought up, told from its stack's outputs: the configuration may be another one by now. */
export interface DeployedLab {
  readonly stack: string;
  /** Who is there, and what each host is for. */
  readonly plan: LabPlan;
  readonly configuration: LabConfig;
  readonly ssh: SshAccess;
  /** What the program keeps on each host, by its name; undefined after a first run that was interrupted. */
  readonly managed?: Readonly<Record<string, ManagedHost>>;
  /** Undefined when it has no backup API. */
  readonly backupApi?: ApiAccess;
}

/** Of a host of which the program has not told. */
export const UNMANAGED: ManagedHost = { files: [], units: [], packages: [] };

/** Joins the deployed plan with what was read. */
export function observedLab(
  { stack, plan, configuration, managed = {} }: Pick<DeployedLab, "stack" | "plan" | "configuration" | "managed">,
  read: ReadonlyMap<string, ReadHost>,
): ObservedLab {
  const hosts = plan.hosts.map((host): ObservedHost => ({
    ...host,
    ...(read.get(host.name) ?? { facts: {}, unread: {} }),
    managed: managed[host.name] ?? UNMANAGED,
  }));
  const only = (role: HostPlan["role"]): ObservedHost => {
    const found = hosts.find((host) => host.role === role);
    if (found === undefined) throw new RangeError(`the plan has no ${role}`);
    return found;
  };
  const repository = only("repository");
  const stanza = stanzaSeenBy(repository, plan.stanza);
  return {
    ...{ stack, configuration, plan },
    hosts,
    repository,
    repositories: repositoriesOf(plan).map((each, _, all) => ({
      ...each,
      facts: repository.facts.repositories?.[each.number],
      stanza: stanza && stanzaIn(stanza, each.number),
      words: wordsOf(each, all.length > 1),
    })),
    primary: only("primary"),
    standbys: hosts.filter(({ role }) => role === "standby"),
    stanza,
    renewDays: configuration.renewDays,
    pgbackrest: { ...pgBackRestOptions(configuration), ...repositoryOptions(configuration) },
    now: repository.facts.certificates?.now ?? Date.now() / 1000,
  };
}

/** A stanza as a host sees it. */
export function stanzaSeenBy({ facts }: { facts: HostFacts }, name: string): StanzaInfo | undefined {
  return facts.stanza?.info?.find((stanza) => stanza.name === name);
}

/** A stanza in one repository, whose own status says more when it could not be asked. */
export function stanzaIn({ repo, status, archive, backup, ...stanza }: StanzaInfo, number: number): StanzaInfo {
  const isIn = ({ database }: { database: { "repo-key"?: number } }): boolean => (database["repo-key"] ?? 1) === number;
  const own = repo?.find(({ key = 1 }) => key === number)?.status;
  return {
    ...stanza,
    status: own === undefined || (own.code === 0 && repo?.length === 1) ? status : { ...status, ...own },
    backup: backup.filter(isIn),
    ...(archive && { archive: archive.filter(isIn) }),
  };
}

function wordsOf({ number, path, store }: RepositoryPlan, isOneOfSeveral: boolean): RepositoryWords {
  if (!isOneOfSeveral) return { its: "the repository", place: "", option: "" };
  const its = `repo${number} (${store ?? path})`;
  return { inRepository: number, its, place: ` in ${its}`, option: ` --repo=${number}` };
}

/** The last full backup whose pages are sound. */
export function lastFullBackup(info: StanzaInfo | undefined): BackupInfo | undefined {
  return info?.backup.filter(({ type, error }) => type === "full" && error !== true).at(-1);
}

/** Whether a backup's files came from a standby; undefined when the repository's list could not be read. */
export function isFromStandby({ facts }: Pick<ObservedRepository, "facts">, label: string): boolean | undefined {
  return facts?.fromStandby[label];
}

/** Whether a standby streams, as both ends see it. */
export function isStreaming(standby: ObservedHost, primary: ObservedHost): boolean {
  const senders = primary.facts.postgresql?.replication ?? [];
  return (
    standby.facts.postgresql?.receiver === "streaming" &&
    senders.some(({ address, state }) => address === standby.address && state === "streaming")
  );
}

/** Seconds since 1970 as ISO 8601. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d{3}Z$/, "Z");
}
