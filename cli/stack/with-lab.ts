import type { Engine } from "../../engine/engine";
import type { Invocation } from "../invocation";
import { stackOf } from "../invocation";
import type { DeployedLab } from "../../observe/lab";
import { deployedLab } from "./deployed-lab";
import { handOver, inNamespace, thisCommand } from "./hand-over";
import { openEngine } from "./open-engine";
import { isInOwnNamespace, runningNamespace } from "./running-namespace";

/**
 * Does work on a lab where its hosts are reached: here, or by this very command in the stack's namespace.
 * @returns The exit status.
 * @throws Error when the stack has no lab, or its libvirtd does not run.
 */
export async function withLab(
  invocation: Invocation,
  work: (lab: DeployedLab, engine: Engine) => Promise<number>,
): Promise<number> {
  const stack = stackOf(invocation);
  const namespace = isInOwnNamespace(stack) ? undefined : await runningNamespace(stack);
  if (namespace !== undefined) return handOver(inNamespace(namespace, thisCommand()));
  const engine = await openEngine(invocation, stack);
  return work(deployedLab(await engine.outputs(), stack.location.stack), engine);
}
