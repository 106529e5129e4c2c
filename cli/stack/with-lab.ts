import type { Engine } from "../../engine/engine";
import { type Invocation, stackOf } from "../invocation";
import type { DeployedLab } from "../../observe/lab";
import { deployedLab } from "./deployed-lab";
import { handOver, inNamespace, thisCommand } from "./hand-over";
import { openEngine } from "./open-engine";
import { isInOwnNamespace, runningNamespace } from "./running-namespace";

/**
 * Works on a lab where its hosts can be reached: here, or with this command in the stack's namespace.
 * @returns The exit status.
 * @throws Error when the stack has no lab, or its libvirtd is not running.
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
