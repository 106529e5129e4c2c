import * as fs from "node:fs";
import { startPrivateLibvirtd, stopPrivateLibvirtd } from "../../hypervisor/private-libvirtd";
import { confirmLoss } from "../confirm";
import { announceEngine, openEngine } from "../stack/open-engine";
import { handOver, inNamespace, thisCommand } from "../stack/hand-over";
import { type Invocation, stackOf } from "../invocation";
import { withProgress } from "../show/progress";
import { isInOwnNamespace } from "../stack/running-namespace";
import type { Stack } from "../stack/stack";
import { hasLab } from "../stack/users-lab";

/** Takes the lab down: its resources, then its libvirtd, then its state. */
export async function destroy(invocation: Invocation): Promise<number> {
  const stack = stackOf(invocation);
  if (isInOwnNamespace(stack)) return destroyResources(invocation, stack);
  const { location, isPrivate } = stack;
  const command = `./lab destroy --stack ${location.stack}`;
  if (!(await confirmLoss(invocation, `Destroy the lab "${location.stack}" and its backups?`, command))) return 1;
  if (await hasLab(stack)) {
    const status = isPrivate
      ? await handOver(inNamespace((await startPrivateLibvirtd(location)).namespace, [...thisCommand(), "--yes"]))
      : await destroyResources(invocation, stack);
    if (status !== 0) return status;
  }
  if (isPrivate) await stopPrivateLibvirtd(location);
  fs.rmSync(location.stateFolder, { recursive: true, force: true });
  process.stdout.write(`destroyed the lab "${location.stack}"\n`);
  return 0;
}

async function destroyResources(invocation: Invocation, stack: Stack): Promise<number> {
  await announceEngine(invocation, stack);
  const engine = await openEngine(invocation, stack);
  await withProgress(invocation, engine, (run) => engine.destroy(run));
  return 0;
}
