import { setTimeout as sleep } from "node:timers/promises";
import type { KeyName } from "../../config/schema";
import { isSecret } from "../../config/check";
import type { Engine } from "../../engine/engine";
import type { Finding } from "../../observe/findings";
import type { DeployedLab } from "../../observe/lab";
import { observe } from "../../observe/observe";
import type { Depth } from "../../observe/questions";
import { patienceWith } from "../../observe/session";
import { type Invocation, stackOf } from "../invocation";
import { carryOut, repairOf } from "../repair";
import { isStep } from "../resource-names";
import { renderFinding } from "../show/findings";
import { plainRepair } from "../stack/plain-up";
import { withLab } from "../stack/with-lab";

/** Compares the hosts with the program, and corrects them when asked to; exit status 1 when they differ in the end. */
export function drift(invocation: Invocation, flags: DriftFlags): Promise<number> {
  return withLab(invocation, (lab, engine) => compare(invocation, engine, lab, flags));
}

interface DriftFlags {
  readonly json?: boolean;
  readonly fix?: boolean;
  readonly verify?: boolean;
}

async function compare(
  given: Invocation,
  engine: Engine,
  deployed: DeployedLab,
  { json = false, fix = false, verify = false }: DriftFlags,
): Promise<number> {
  let lab = deployed;
  if (lab.managed === undefined) {
    throw new Error("nothing to compare with: the first up was interrupted; hint: ./lab up");
  }
  const invocation = asDeployed(given, lab);
  const depth = verify ? "verify" : "all";
  let found = (await observe(lab, depth)).drift;
  const repair = repairOf(found);
  const plain = fix || repair === undefined ? undefined : await plainRepair(stackOf(given), lab, repair);
  if (fix && repair !== undefined) {
    await refuseOtherChanges(invocation, engine, repair.steps);
    // The standard output is for the JSON alone.
    lab = await carryOut(invocation, engine, lab, repair, { quiet: json });
    found = await settledDrift(lab, depth);
  }
  process.stdout.write(json ? `${JSON.stringify(found, undefined, 2)}\n` : render(found));
  if (plain !== undefined && !json) process.stdout.write(`with Pulumi's CLI alone:\n${plain}\n`);
  return found.length === 0 ? 0 : 1;
}

/**
 * The invocation with the deployed configuration, which drift is compared with, whatever the stack's file says. Secrets are not in the
 * outputs: they come from the file.
 */
export function asDeployed(invocation: Invocation, { configuration }: Pick<DeployedLab, "configuration">): Invocation {
  const deployed = Object.entries(configuration)
    .filter(([key]) => !isSecret(key as KeyName))
    .map(([key, value]) => [`lab:${key}`, typeof value === "string" ? value : JSON.stringify(value)]);
  const config = { ...invocation.options.config, ...(Object.fromEntries(deployed) as Record<string, string>) };
  return { ...invocation, options: { ...invocation.options, config } };
}

/** @throws Error when a run of these steps would change more. */
async function refuseOtherChanges(
  { options: { config }, signal }: Invocation,
  engine: Engine,
  steps: readonly string[],
): Promise<void> {
  if (steps.length === 0) return;
  const others = (await engine.preview({ config, replace: steps, signal })).filter(
    (change) => change.operation !== "same" && isStep(change) && !steps.includes(change.name),
  );
  if (others.length === 0) return;
  const names = others.map(({ name, operation }) => `${name} (${operation})`).join(", ");
  throw new Error(`--fix would change more than the drift: ${names}; hint: ./lab up first`);
}

/** The drift after services that a step has just started had time to settle. */
async function settledDrift(lab: DeployedLab, depth: Depth): Promise<readonly Finding[]> {
  const deadline = performance.now() + patienceWith(lab.configuration).settle * 1000;
  for (;;) {
    const found = (await observe(lab, depth)).drift;
    if (found.length === 0 || performance.now() >= deadline) return found;
    await sleep(1000);
  }
}

function render(found: readonly Finding[]): string {
  return found.length === 0 ? "every host is as the program wants it\n" : `${found.map(renderFinding).join("\n")}\n`;
}
