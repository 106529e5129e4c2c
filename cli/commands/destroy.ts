import * as fs from "node:fs";
import { startPrivateLibvirtd, stopPrivateLibvirtd } from "../../hypervisor/private-libvirtd";
import { EngineError } from "../../engine/engine";
import { clearLeftovers } from "../../engine/plugins/leftovers";
import { confirmLoss } from "../confirm";
import { announceEngine, openEngine } from "../stack/open-engine";
import { handOver, inNamespace, thisCommand } from "../stack/hand-over";
import { type Invocation, stackOf } from "../invocation";
import { withProgress } from "../show/progress";
import { isInOwnNamespace } from "../stack/running-namespace";
import type { Stack } from "../stack/stack";
import { hasLab } from "../stack/users-lab";

/** Takes the lab down: its resources, then its libvirtd, then its state. */
export async function destroy(
  invocation: Invocation,
  { unprotect = false }: { unprotect?: boolean } = {},
): Promise<number> {
  const stack = stackOf(invocation);
  if (isInOwnNamespace(stack)) return destroyResources(invocation, stack, unprotect);
  const { location, isPrivate } = stack;
  const command = `./lab destroy --stack ${location.stack}`;
  if (!unprotect) refuseProtected(location.stack, await (await openEngine(invocation, stack)).protectedResources());
  if (!(await confirmLoss(invocation, `Destroy the lab "${location.stack}" and its backups?`, command))) return 1;
  if (await hasLab(stack)) {
    const status = isPrivate
      ? await handOver(inNamespace((await startPrivateLibvirtd(location)).namespace, [...thisCommand(), "--yes"]))
      : await destroyResources(invocation, stack, unprotect);
    if (status !== 0) return status;
  } else if (!isPrivate) await clearLeftovers(location);
  if (isPrivate) await stopPrivateLibvirtd(location);
  fs.rmSync(location.stateFolder, { recursive: true, force: true });
  process.stdout.write(`destroyed the lab "${location.stack}"\n`);
  return 0;
}

/** Refuses before anything is destroyed: an engine may notice a protected resource after it has deleted others. */
export function refuseProtected(stack: string, names: readonly string[]): void {
  if (names.length === 0) return;
  // Machines that exist keep their data: only the steps that give them back are protected.
  const loss = names.every((name) => name.endsWith("-released"))
    ? "stops PostgreSQL and pgBackRest on them; data and backups stay"
    : "destroys them too, with every backup";
  throw new EngineError(
    `stack "${stack}" has protected resources: ${[...names].sort().join(", ")}; nothing was destroyed; ` +
      `hint: ./lab destroy --stack ${stack} --unprotect ${loss}`,
  );
}

async function destroyResources(invocation: Invocation, stack: Stack, unprotect: boolean): Promise<number> {
  await announceEngine(invocation, stack);
  const engine = await openEngine(invocation, stack);
  await withProgress(invocation, engine, (run) => engine.destroy({ ...run, unprotect }));
  return 0;
}
