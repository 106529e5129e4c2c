import { observe } from "../../observe/observe";
import type { Invocation } from "../invocation";
import { renderDiagnosis } from "../show/report";
import { withLab } from "../stack/with-lab";

/** Finds out what is wrong with the lab, and says what to do; exit status 1 when something failed. */
export function doctor(
  invocation: Invocation,
  { json = false, verify = false }: { json?: boolean; verify?: boolean },
): Promise<number> {
  return withLab(invocation, async (lab) => {
    const report = await observe(lab, verify ? "verify" : "all");
    process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : renderDiagnosis(report));
    return report.healthy ? 0 : 1;
  });
}
