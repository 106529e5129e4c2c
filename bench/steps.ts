import type { Role } from "../plan/layout";
import type { LabPlan } from "../plan/plan";

/** A step of a host, as `./lab up` prints it. */
export interface TimedStep {
  readonly host: string;
  readonly step: string;
  readonly seconds: number;
  /** Seconds from the engine's start to the step's end. */
  readonly end: number;
}

/** The steps in the output of `./lab up`. */
export function stepsOf(output: string): TimedStep[] {
  const line = /^ *([\d.]+) s {2}(\S+) +(\S+) +(?:created|updated|replaced) in ([\d.]+) s$/gm;
  return [...output.matchAll(line)].map(([, end = "", host = "", step = "", seconds = ""]) => ({
    host,
    step,
    seconds: Number(seconds),
    end: Number(end),
  }));
}

/** The steps that cannot run in parallel; of standbys, which work in parallel, the slowest counts. */
const CHAIN: readonly (readonly [title: string, role: Role, steps: readonly string[]])[] = [
  ["boot", "primary", ["disk", "domain", "start", "ready"]],
  ["configure", "primary", ["packages-install", "postgresql-restore", "postgresql-create"]],
  ["start", "primary", ["postgresql-start"]],
  ["stanza", "repository", ["stanza-create"]],
  ["full backup", "repository", ["stanza-backup"]],
  ["restore", "standby", ["postgresql-follow", "postgresql-restore", "postgresql-create"]],
  ["streaming", "standby", ["postgresql-start", "streaming-write", "streaming-read"]],
  ["backup from a standby", "repository", ["standbys-conf", "standbys-take"]],
];

/** The longest serial chain of a first `up`, part by part, in seconds. */
export function chainOf(
  steps: readonly TimedStep[],
  { hosts }: LabPlan,
): { readonly title: string; readonly seconds: number }[] {
  return CHAIN.map(([title, role, names]) => {
    const isHost = (name: string): boolean => hosts.some((host) => host.name === name && host.role === role);
    const perHost = new Map<string, number>();
    for (const { host, step, seconds } of steps) {
      if (isHost(host) && names.includes(step)) perHost.set(host, (perHost.get(host) ?? 0) + seconds);
    }
    return { title, seconds: Math.max(0, ...perHost.values()) };
  });
}

/** Each host's sum of its steps' seconds. */
export function perHost(steps: readonly TimedStep[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { host, seconds } of steps) sums.set(host, (sums.get(host) ?? 0) + seconds);
  return sums;
}
