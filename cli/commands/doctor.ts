import type { Diagnosis } from "../../observe/doctor/diagnose";
import { diagnose } from "../../observe/doctor/diagnose";
import { accountOn, readConditions } from "../../observe/conditions";
import type { DeployedLab } from "../stack/deployed-lab";
import { renderDiagnosis } from "../show/diagnosis";
import type { Invocation } from "../invocation";
import { withLab } from "../stack/with-lab";

/** Finds out what is wrong with the lab, and says what to do; exit status 1 when something failed. */
export async function doctor(
  invocation: Invocation,
  { json = false, verify = false }: { json?: boolean; verify?: boolean },
): Promise<number> {
  return withLab(invocation, async (lab) => {
    const diagnosis = await examine(lab, verify);
    process.stdout.write(json ? `${JSON.stringify(diagnosis, undefined, 2)}\n` : renderDiagnosis(diagnosis));
    return diagnosis.healthy ? 0 : 1;
  });
}

/** Reads and judges; with `verify`, every file of the repository too. */
export async function examine(lab: DeployedLab, verify: boolean): Promise<Diagnosis> {
  return diagnose({ ...lab, managed: lab.managed, account: accountOn }, await readConditions(lab, verify));
}
