import { setTimeout as sleep } from "node:timers/promises";
import type { Report } from "../../observe/proofs";
import { judge } from "../../observe/proofs";
import type { DeployedLab } from "../stack/deployed-lab";
import { readFacts } from "../../observe/facts";
import type { Invocation } from "../invocation";
import { renderReport } from "../show/report";
import { withLab } from "../stack/with-lab";

/** Proves the lab as it is; exit status 1 when it is not proven. */
export async function status(invocation: Invocation, { json = false }: { json?: boolean }): Promise<number> {
  return withLab(invocation, async (lab) => {
    const report = await proveLab(lab);
    process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : renderReport(report));
    return report.proven ? 0 : 1;
  });
}

/** Reads and judges; what is not proven yet may become so for some seconds. */
export async function proveLab(lab: DeployedLab, patienceSeconds = 0): Promise<Report> {
  const deadline = performance.now() + patienceSeconds * 1000;
  for (;;) {
    const report = judge(lab.stanza, lab.hosts, await readFacts(lab));
    if (report.proven || performance.now() >= deadline) return report;
    await sleep(1000);
  }
}
