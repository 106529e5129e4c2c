/** A step of a host, as `./lab up` tells it. */
export interface TimedStep {
  readonly host: string;
  readonly step: string;
  readonly seconds: number;
  /** Seconds from the engine's start to the step's end. */
  readonly end: number;
}

/** The steps in what `./lab up` printed. */
export function stepsOf(output: string): TimedStep[] {
  const line = /^ *([\d.]+) s {2}(\S+) +(\S+) +(?:created|updated|replaced) in ([\d.]+) s$/gm;
  return [...output.matchAll(line)].map(([, end = "", host = "", step = "", seconds = ""]) => ({
    host,
    step,
    seconds: Number(seconds),
    end: Number(end),
  }));
}

const isStandby = (host: string): boolean => /^pg[2-9]-srv$/.test(host);

/** What must come one after the other, however many hands there are; of standbys, which work side by side, the slowest counts. */
const CHAIN: readonly (readonly [title: string, isHost: (host: string) => boolean, steps: readonly string[]])[] = [
  ["boot", (host) => host === "pg1-srv", ["disk", "domain", "start", "ready"]],
  ["configure", (host) => host === "pg1-srv", ["packages-install", "postgresql-restore", "postgresql-create"]],
  ["start", (host) => host === "pg1-srv", ["postgresql-start"]],
  ["stanza", (host) => host === "backup-srv", ["stanza-create"]],
  ["full backup", (host) => host === "backup-srv", ["stanza-backup"]],
  ["restore", isStandby, ["postgresql-follow", "postgresql-restore", "postgresql-create"]],
  ["streaming", isStandby, ["postgresql-start", "streaming-write", "streaming-read"]],
  ["backup from a standby", (host) => host === "backup-srv", ["standbys-conf", "standbys-take"]],
];

/** The longest serial chain of a first `up`, part by part, in seconds. */
export function chainOf(steps: readonly TimedStep[]): { readonly title: string; readonly seconds: number }[] {
  return CHAIN.map(([title, isHost, names]) => {
    const perHost = new Map<string, number>();
    for (const { host, step, seconds } of steps) {
      if (isHost(host) && names.includes(step)) perHost.set(host, (perHost.get(host) ?? 0) + seconds);
    }
    return { title, seconds: Math.max(0, ...perHost.values()) };
  });
}

/** Seconds that each host was at work, step by step. */
export function perHost(steps: readonly TimedStep[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { host, seconds } of steps) sums.set(host, (sums.get(host) ?? 0) + seconds);
  return sums;
}
