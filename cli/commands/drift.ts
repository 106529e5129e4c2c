import { setTimeout as sleep } from "node:timers/promises";
import type { Engine, Result, RunOptions } from "../../engine/engine";
import type { Finding } from "../../observe/doctor/findings";
import { takeFullBackup } from "../../observe/conditions";
import type { DeployedLab } from "../stack/deployed-lab";
import { deployedLab } from "../stack/deployed-lab";
import { renderFinding } from "../show/diagnosis";
import { examine } from "./doctor";
import type { Invocation } from "../invocation";
import { withProgress } from "../show/progress";
import { isStep } from "../resource-names";
import { withLab } from "../stack/with-lab";

const SETTLE_SECONDS = 10;

/** Compares the hosts with what the program wants, and puts them right when asked to; exit status 1 when they differ in the end. */
export function drift(invocation: Invocation, flags: DriftFlags): Promise<number> {
  return withLab(invocation, (lab, engine) => compare(invocation, engine, lab, flags));
}

interface DriftFlags {
  readonly json?: boolean;
  readonly fix?: boolean;
  readonly verify?: boolean;
}

async function compare(
  invocation: Invocation,
  engine: Engine,
  deployed: DeployedLab,
  { json = false, fix = false, verify = false }: DriftFlags,
): Promise<number> {
  let lab = deployed;
  if (lab.managed === undefined) {
    throw new Error("the lab was brought up before the program told what it keeps on its hosts; hint: ./lab up");
  }
  let found = await differences(lab, verify);
  const steps = [...new Set(found.flatMap((finding) => finding.steps ?? []))];
  const needsFullBackup = found.some((finding) => finding.needsFullBackup);
  if (fix && (steps.length > 0 || needsFullBackup)) process.stderr.write(`${found.map(renderFinding).join("\n")}\n`);
  if (fix && steps.length > 0) {
    const { config } = invocation.options;
    const others = (await engine.preview({ config, replace: steps, signal: invocation.signal })).filter(
      (change) => change.operation !== "same" && isStep(change) && !steps.includes(change.name),
    );
    if (others.length > 0) {
      const names = others.map(({ name, operation }) => `${name} (${operation})`).join(", ");
      throw new Error(
        `more than the drift would change: ${names}; hint: ./lab up first, or the --config of the last up`,
      );
    }
    process.stderr.write(`lab: runs again: ${steps.join(", ")}\n`);
    const up = (run: RunOptions): Promise<Result> => engine.up({ ...run, replace: steps });
    // The standard output is for the JSON alone.
    const { outputs } = await (json ? up({ config, signal: invocation.signal }) : withProgress(invocation, engine, up));
    lab = deployedLab(outputs, invocation.options.stack);
    found = await settledDifferences(lab);
  }
  if (fix && needsFullBackup) {
    process.stderr.write(`lab: takes a new full backup\n`);
    process.stderr.write(`lab: full backup ${await takeFullBackup(lab)}\n`);
    found = await differences(lab, verify);
  }
  process.stdout.write(json ? `${JSON.stringify(found, undefined, 2)}\n` : render(found));
  return found.length === 0 ? 0 : 1;
}

/** What is not as the program wants it, and what could not be read. */
async function differences(lab: DeployedLab, verify = false): Promise<Finding[]> {
  const { findings } = await examine(lab, verify);
  return findings.filter(
    ({ steps, needsFullBackup, area, peer }) =>
      peer === undefined &&
      (steps !== undefined ||
        needsFullBackup ||
        area === "host" ||
        area === "files" ||
        area === "versions" ||
        area === "PostgreSQL"),
  );
}

/** What a step has just started takes some seconds until it is as it stays. */
async function settledDifferences(lab: DeployedLab): Promise<Finding[]> {
  const deadline = performance.now() + SETTLE_SECONDS * 1000;
  for (;;) {
    const found = await differences(lab);
    if (found.length === 0 || performance.now() >= deadline) return found;
    await sleep(1000);
  }
}

function render(found: readonly Finding[]): string {
  return found.length === 0 ? "every host is as the program wants it\n" : `${found.map(renderFinding).join("\n")}\n`;
}
