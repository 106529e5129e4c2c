import { isDeepStrictEqual } from "node:util";
import type { Change, Output, Result } from "../engine/engine";
import type { ReadHost } from "../observe/facts";
import type { DeployedLab } from "../observe/lab";
import { judgeLab, observe, prove, readFacts } from "../observe/observe";
import type { Report } from "../observe/report";
import { type Patience, patienceWith } from "../observe/session";
import { checkChanges } from "./gates/change";
import { checkExpiry } from "./gates/expiry";
import { beginRotation, endRotation } from "./gates/rotation";
import { safeguard, type Safeguarded } from "./gates/safeguard";
import type { Invocation } from "./invocation";
import { begin, carryOut, end, type Repair, repairOf, replaceable } from "./repair";
import { isCommand } from "./resource-names";
import { withProgress } from "./show/progress";
import { renderStatus } from "./show/report";
import { deployedLab, hasLab } from "./stack/deployed-lab";
import { openEngine } from "./stack/open-engine";
import type { Stack } from "./stack/stack";
import type { StackSettings } from "./stack/stack-settings";
import { upUnfinished } from "./stack/unfinished-steps";

/** The options of `up`. */
export interface UpFlags {
  readonly yesReplace: readonly string[];
  readonly allowExpiring?: boolean;
  readonly onlyConfiguration?: boolean;
  readonly postgresqlUpgraded?: boolean;
}

/** Brings the lab up, puts right what differs on its hosts, and verifies it; exit status 0 only when it is proven. */
export async function bringUp(
  invocation: Invocation,
  stack: Stack,
  settings: StackSettings,
  { yesReplace, allowExpiring, onlyConfiguration = false }: UpFlags,
): Promise<number> {
  const { configuration } = settings;
  const engine = await openEngine(invocation, stack);
  let found = undefined as Found | undefined;
  const beforeRun = async (): Promise<boolean> => {
    const outputs = await engine.outputs();
    checkChanges(settings, outputs, stack.location, showText);
    if (!hasLab(outputs)) return true;
    const lab = deployedLab(outputs, stack.location.stack);
    const safeguarded = await safeguard(invocation, engine, lab, yesReplace);
    // A host that is booting or missing cannot be asked yet: its certificate is verified after the run.
    found = { ...safeguarded, lab, outputs, facts: safeguarded.canBeAsked ? readFacts(lab, "drift") : undefined };
    return safeguarded.canBeAsked;
  };
  let checked: Promise<void> | undefined;
  const checkCertificates = (previewed?: readonly Change[]): Promise<void> =>
    (checked ??= (async () => {
      if (found === undefined) return;
      // For a host that cannot be asked, the stack's outputs have its certificate's expiry.
      const facts = (await found.facts) ?? new Map<string, ReadHost>();
      const { outputs } = found;
      await checkExpiry(invocation, stack, engine, configuration, { allowExpiring, facts, outputs, previewed });
    })());
  const repairFor = (report: Report, lab: DeployedLab): Repair | undefined =>
    onlyConfiguration ? undefined : repairOf(report.drift, lab, replaceable(report, yesReplace));
  let before = undefined as Report | undefined;
  let repair = undefined as Repair | undefined;
  const replaceToo = async (): Promise<readonly string[]> => {
    const facts = await found?.facts;
    // With another configuration, what was read is measured by the former one: what is left to put right, the look after the run tells.
    if (found !== undefined && facts !== undefined && isDeepStrictEqual(found.lab.configuration, configuration)) {
      before = judgeLab(found.lab, facts);
      repair ??= repairFor(before, found.lab);
    }
    return repair?.steps ?? [];
  };
  let isChanging = false;
  let begun: Promise<void> | undefined;
  const beforeChange = async (coming: readonly Change[], areAll: boolean): Promise<void> => {
    const previewed = areAll ? coming : undefined;
    // A repair's commands lose no disk, and are not to wait for a preview.
    if (repair === undefined || !coming.every(isCommand)) await found?.checkLosses(previewed);
    await checkCertificates(previewed);
    if (!isChanging) beginRotation(stack.location, configuration);
    isChanging = true;
    if (repair !== undefined && found !== undefined) await (begun ??= begin(found.lab, repair));
  };
  const run = (): Promise<Result> =>
    withProgress(
      invocation,
      engine,
      (options) => upUnfinished(stack.location, engine, { ...options, beforeRun, replaceToo, beforeChange }),
      () => found?.lab.plan.hosts.map(({ name }) => name) ?? [],
    );
  const { changes, outputs } = await run().catch(async (error: unknown) => {
    // What differs on a host may be what a step failed of.
    const isHopeless = onlyConfiguration || !isChanging || invocation.signal.aborted;
    const former = isHopeless ? undefined : found?.lab;
    repair = former && repairFor(await observe(former, "drift"), former);
    if (repair === undefined) throw error;
    begun = undefined;
    process.stderr.write(`lab: ${(error as Error).message}\n`);
    return run();
  });
  endRotation(stack.location);
  const isSame = changes.every(({ operation }) => operation === "same");
  if (isSame) await checkCertificates();
  const lab = deployedLab(outputs, stack.location.stack);
  if (repair !== undefined) {
    await (begun ??= begin(lab, repair));
    await end(lab, repair);
  }
  const started = found?.started ?? [];
  const patience = patienceWith(lab.configuration, started.length > 0);
  // Facts that were read during a run without changes are still true.
  let report = isSame && repair === undefined && before?.proven ? before : await proveNow(lab, patience, started);
  const more = repairFor(report, lab);
  if (more === undefined) {
    if (isSame && repair === undefined) showText("nothing to change\n");
  } else if (!isDeepStrictEqual(more, repair)) {
    report = await proveNow(await carryOut(invocation, engine, lab, more), patience, started);
  }
  showText(renderStatus(report));
  return report.proven ? 0 : 1;
}

/** Proves a lab once it has settled, and looks for what can be put right. */
function proveNow(lab: DeployedLab, patience: Patience, started: readonly string[]): Promise<Report> {
  return prove(lab, { seconds: patience.settle, patience, depth: "drift", started });
}

function showText(text: string): void {
  process.stdout.write(text);
}

/** A lab that exists before a run. */
interface Found extends Safeguarded {
  readonly lab: DeployedLab;
  readonly outputs: Readonly<Record<string, Output>>;
  /** The facts of its hosts, which never reject; undefined when the hosts cannot be asked. */
  readonly facts: Promise<ReadonlyMap<string, ReadHost>> | undefined;
}
