import type { Diagnosis } from "../lib/doctor/diagnose";
import { diagnose } from "../lib/doctor/diagnose";
import { accountOn, readConditions } from "./conditions";
import type { DeployedLab } from "./deployed-lab";
import { deployedLab } from "./deployed-lab";
import { renderDiagnosis } from "./diagnosis";
import { openEngine } from "./engine";
import { handOver, inNamespace, thisCommand } from "./hand-over";
import type { Invocation } from "./invocation";
import { stackOf } from "./invocation";
import { isInOwnNamespace, runningNamespace } from "./running-namespace";

/** Finds out what is wrong with the lab, and says what to do; exit status 1 when something failed. */
export async function doctor(
  invocation: Invocation,
  { json = false, verify = false }: { json?: boolean; verify?: boolean },
): Promise<number> {
  const stack = stackOf(invocation);
  if (!isInOwnNamespace(stack)) {
    const namespace = await runningNamespace(stack);
    if (namespace !== undefined) return handOver(inNamespace(namespace, thisCommand()));
  }
  const engine = await openEngine(invocation, stack);
  const diagnosis = await examine(deployedLab(await engine.outputs(), stack.location.stack), verify);
  process.stdout.write(json ? `${JSON.stringify(diagnosis, undefined, 2)}\n` : renderDiagnosis(diagnosis));
  return diagnosis.healthy ? 0 : 1;
}

/** Reads and judges; with `verify`, every file of the repository too. */
export async function examine(lab: DeployedLab, verify: boolean): Promise<Diagnosis> {
  return diagnose({ ...lab, managed: lab.managed, account: accountOn }, await readConditions(lab, verify));
}
