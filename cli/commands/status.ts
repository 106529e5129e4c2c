import { prove } from "../../observe/observe";
import type { Invocation } from "../invocation";
import { renderStatus } from "../show/report";
import { withLab } from "../stack/with-lab";

/** Proves the lab as it is; exit status 1 when it is not proven. */
export function status(invocation: Invocation, { json = false }: { json?: boolean }): Promise<number> {
  return withLab(invocation, async (lab) => {
    const report = await prove(lab);
    const { proven, unproven: findings, hosts, stanza, backups, schedule, backupApi } = report;
    const told = { proven, findings, hosts, stanza, backups, schedule, backupApi };
    process.stdout.write(json ? `${JSON.stringify(told, undefined, 2)}\n` : renderStatus(report));
    return proven ? 0 : 1;
  });
}
