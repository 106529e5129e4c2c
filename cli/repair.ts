import type { Engine, Result, RunOptions } from "../engine/engine";
import type { Finding } from "../observe/findings";
import type { DeployedLab } from "../observe/lab";
import { allowReplacement, takeFullBackups } from "../observe/observe";
import type { Report } from "../observe/report";
import { type Invocation, stackOf } from "./invocation";
import { renderCause } from "./show/findings";
import { withProgress } from "./show/progress";
import { deployedLab } from "./stack/deployed-lab";
import { upUnfinished } from "./stack/unfinished-steps";

/** What puts findings right without a person. */
export interface Repair {
  readonly findings: readonly Finding[];
  /** The program's steps: names of resources. */
  readonly steps: readonly string[];
  /** The numbers of the repositories that need a new full backup. */
  readonly fullBackups: readonly number[];
  /** Standbys whose data is moved aside. */
  readonly replaced: readonly string[];
}

/**
 * The repair of those findings that steps or a backup put right, and of standbys that may be replaced and do not stream; undefined when there
 * are none.
 */
export function repairOf(
  all: readonly Finding[],
  lab?: Pick<DeployedLab, "managed">,
  replaced: readonly string[] = [],
): Repair | undefined {
  const findings = all.filter(
    ({ steps, fullBackup, host }) => steps !== undefined || fullBackup || replaced.includes(host),
  );
  if (findings.length === 0 && replaced.length === 0) return undefined;
  const restored = replaced.flatMap((host) => lab?.managed?.[host]?.standbyOf?.steps ?? []);
  const steps = [...new Set([...findings.flatMap((finding) => finding.steps ?? []), ...restored])];
  const wanting = findings.flatMap(({ fullBackup, inRepository = 1 }) => (fullBackup ? [inRepository] : []));
  return { findings, steps, fullBackups: [...new Set(wanting)].sort(), replaced };
}

/** The standbys that a user lets go, and that do not stream. */
export function replaceable({ hosts }: Report, yesReplace: readonly string[]): string[] {
  return hosts
    .filter(({ name, streaming }) => streaming === false && yesReplace.includes(name))
    .map(({ name }) => name);
}

/** Says what is put right and by what, and allows what only a repair may do. */
export async function begin(lab: DeployedLab, { findings, steps, fullBackups, replaced }: Repair): Promise<void> {
  const ways = [
    ...replaced.map((host) => `a restore of ${host}, whose data is moved aside`),
    ...steps,
    ...fullBackups.map((number) => (number === 1 ? "a new full backup" : `a new full backup in repo${number}`)),
  ];
  process.stderr.write(`${findings.map(renderCause).join("\n")}\nlab: putting this right by ${ways.join(", ")}\n`);
  for (const host of replaced) await allowReplacement(lab, host);
}

/** Does what comes after a repair's steps: its backups. */
export async function end(lab: DeployedLab, { fullBackups }: Repair): Promise<void> {
  for (const label of await takeFullBackups(lab, fullBackups)) process.stderr.write(`lab: full backup ${label}\n`);
}

/**
 * Carries a repair out in a run of its own.
 * @returns The lab as it is deployed afterwards.
 */
export async function carryOut(
  invocation: Invocation,
  engine: Engine,
  lab: DeployedLab,
  repair: Repair,
  { quiet = false } = {},
): Promise<DeployedLab> {
  const { options, signal } = invocation;
  const { location } = stackOf(invocation);
  const up = (run: RunOptions): Promise<Result> => upUnfinished(location, engine, { ...run, replace: repair.steps });
  await begin(lab, repair);
  let repaired = lab;
  if (repair.steps.length > 0) {
    const run = quiet ? up({ config: options.config, signal }) : withProgress(invocation, engine, up);
    repaired = deployedLab((await run).outputs, options.stack);
  }
  await end(repaired, repair);
  return repaired;
}
