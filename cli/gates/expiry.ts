import type { Change, Engine } from "../../engine/engine";
import { EngineError } from "../../engine/engine";
import { isEndingSoon, judgeExpiry } from "../../observe/expiry";
import type { Facts } from "../../observe/proofs";
import { certificateEnds } from "../../observe/proofs";
import { renderRotation } from "../../config/ca-stages";
import { deployedLab } from "../stack/deployed-lab";
import { readFacts } from "../../observe/facts";
import type { Invocation } from "../invocation";
import { writeError } from "../show/progress";
import type { LabConfig } from "../../config/schema";
import { reachedRotation } from "./rotation";
import type { Stack } from "../stack/stack";

/**
 * Looks, before the first resource, at the certificates that the hosts of a lab show, and at their authority: tells what ends soon.
 * @param wanted The configuration of the run.
 * @param previewed What the run would change; found out here when something ends soon and it is not given.
 * @param facts What the hosts tell; read here when it is not given.
 * @throws EngineError when something ends in less than 7 days that this run does not renew, unless that is allowed.
 */
export async function checkExpiry(
  { options, signal }: Invocation,
  { location }: Stack,
  engine: Engine,
  wanted: LabConfig,
  {
    allowExpiring = false,
    previewed,
    facts,
  }: { allowExpiring?: boolean; previewed?: readonly Change[]; facts?: ReadonlyMap<string, Facts> },
): Promise<void> {
  const outputs = await engine.outputs();
  const reached = reachedRotation(outputs);
  if (reached === undefined) return;
  const lab = deployedLab(outputs, location.stack);
  const read = facts ?? (await readFacts(lab));
  for (const [host, { host: own, failures }] of read) {
    if (own === undefined && failures.length > 0)
      writeError(`warning: ${host}: when its certificate ends cannot be told: ${failures.join("; ")}`);
  }
  const ends = certificateEnds(read);
  const authority = wanted.caStage !== "retire" || renderRotation(wanted) !== renderRotation(reached);
  const judge = (hosts: readonly string[]) => judgeExpiry(ends, { hosts, authority }, wanted.renewDays, Date.now());

  if (!isEndingSoon(judge([]))) return;
  const changes = previewed ?? (await engine.preview({ config: options.config, signal }));
  const renewed = changes.filter(({ operation }) => operation === "create" || operation === "replace");
  const { mentions, warnings, failures } = judge(
    lab.plan.hosts
      .filter(({ resources }) => renewed.some(({ name }) => name === resources.certificate))
      .map(({ name }) => name),
  );
  for (const mention of mentions) writeError(`lab: ${mention}`);
  for (const warning of [...warnings, ...(allowExpiring ? failures : [])]) writeError(`warning: ${warning}`);
  if (failures.length > 0 && !allowExpiring) {
    throw new EngineError([...failures, "hint: --allow-expiring goes on all the same"].join("\n"));
  }
}
