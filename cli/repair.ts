import type { Engine, Result, RunOptions } from "../engine/engine";
import type { Finding } from "../observe/findings";
import type { DeployedLab } from "../observe/lab";
import { takeFullBackup } from "../observe/observe";
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
  /** Whether a new full backup is needed. */
  readonly fullBackup: boolean;
}

/** The repair of those findings that steps or a backup put right; undefined when there are none. */
export function repairOf(all: readonly Finding[]): Repair | undefined {
  const findings = all.filter(({ steps, fullBackup }) => steps !== undefined || fullBackup);
  if (findings.length === 0) return undefined;
  const steps = [...new Set(findings.flatMap((finding) => finding.steps ?? []))];
  return { findings, steps, fullBackup: findings.some(({ fullBackup }) => fullBackup) };
}

/** Says what is put right, and by what. */
export function announce({ findings, steps, fullBackup }: Repair): void {
  const ways = [...steps, ...(fullBackup ? ["a new full backup"] : [])];
  process.stderr.write(`${findings.map(renderCause).join("\n")}\nlab: putting this right by ${ways.join(", ")}\n`);
}

/**
 * Runs the steps again, then takes the backup.
 * @returns The lab as it is deployed afterwards.
 */
export async function carryOut(
  invocation: Invocation,
  engine: Engine,
  lab: DeployedLab,
  { steps, fullBackup }: Repair,
  { quiet = false } = {},
): Promise<DeployedLab> {
  const { options, signal } = invocation;
  const { location } = stackOf(invocation);
  const up = (run: RunOptions): Promise<Result> => upUnfinished(location, engine, { ...run, replace: steps });
  let repaired = lab;
  if (steps.length > 0) {
    const run = quiet ? up({ config: options.config, signal }) : withProgress(invocation, engine, up);
    repaired = deployedLab((await run).outputs, options.stack);
  }
  if (fullBackup) process.stderr.write(`lab: full backup ${await takeFullBackup(repaired)}\n`);
  return repaired;
}
