import type { DeployedLab } from "../../observe/lab";
import { prove } from "../../observe/observe";
import type { Report } from "../../observe/report";
import { patienceWith } from "../../observe/session";
import { isDue, readUpdates, updateOrder, updatePostgreSql } from "../../observe/updates";
import { confirm, isAsking } from "../confirm";
import type { Invocation } from "../invocation";
import { renderFinding } from "../show/findings";
import { renderStatus } from "../show/report";
import { renderUpdates } from "../show/updates";
import { withLab } from "../stack/with-lab";

interface UpdateFlags {
  readonly check?: boolean;
  readonly json?: boolean;
}

/**
 * Says what waits on the hosts, exit status 1 when PostgreSQL or security does; or updates PostgreSQL, exit status 0 only when the lab is
 * proven afterwards.
 */
export function update(invocation: Invocation, { check = false, json = false }: UpdateFlags): Promise<number> {
  return withLab(invocation, async (lab) => {
    const updates = await readUpdates(lab);
    if (check) {
      process.stdout.write(json ? `${JSON.stringify(updates, undefined, 2)}\n` : renderUpdates(updates));
      return updates.some(isDue) ? 1 : 0;
    }
    const hosts = updateOrder(lab.plan, updates);
    const updated = updates.filter(({ kind }) => kind === "postgresql");
    const tell = (text: string): void => {
      if (!json) process.stdout.write(text);
    };
    tell(renderUpdates(updated));
    if (hosts.length > 0 && isAsking(invocation) && !(await confirm(invocation, "Update PostgreSQL, and restart it?")))
      return 1;
    const before = await prove(lab);
    if (!before.proven) throw new Error(renderUnproven(before));
    for (const host of hosts) {
      invocation.signal.throwIfAborted();
      const own = updated.filter((each) => each.host === host.name);
      tell(`${host.name}: updating ${own.map((each) => each.package).join(", ")}\n`);
      await updatePostgreSql(
        lab,
        host,
        own.map((each) => each.package),
      );
    }
    const report = hosts.length === 0 ? before : await settled(lab);
    tell(renderStatus(report));
    if (json) process.stdout.write(`${JSON.stringify({ updated, proven: report.proven }, undefined, 2)}\n`);
    return report.proven ? 0 : 1;
  });
}

function settled(lab: DeployedLab): Promise<Report> {
  const patience = patienceWith(lab.configuration);
  return prove(lab, { seconds: patience.settle, patience });
}

function renderUnproven({ unproven }: Report): string {
  const reasons = unproven.map((each) => `\n  ${renderFinding(each)}`).join("");
  return `the lab is not proven, and PostgreSQL is not updated before it is; hint: ./lab up${reasons}`;
}
