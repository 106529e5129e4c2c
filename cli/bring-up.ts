import type { Change, Output, Result } from "../engine/engine";
import type { ReadHost } from "../observe/facts";
import type { DeployedLab } from "../observe/lab";
import { allowReplacement, judgeLab, observe, prove, readFacts } from "../observe/observe";
import type { Report } from "../observe/report";
import { type Patience, patienceWith } from "../observe/session";
import { checkChanges } from "./gates/change";
import { checkExpiry } from "./gates/expiry";
import { beginRotation, endRotation } from "./gates/rotation";
import { safeguard, type Safeguarded } from "./gates/safeguard";
import type { Invocation } from "./invocation";
import { announce, carryOut, type Repair, repairOf, replaceable } from "./repair";
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
    const safeguarded = await safeguard(invocation, stack, engine, lab, yesReplace);
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
  let isChanging = false;
  const beforeFirstChange = async (previewed?: readonly Change[]): Promise<void> => {
    await found?.checkLosses(previewed);
    await checkCertificates(previewed);
    if (!isChanging) beginRotation(stack.location, configuration);
    isChanging = true;
  };
  const run = (replace: readonly string[]): Promise<Result> =>
    withProgress(
      invocation,
      engine,
      (options) => upUnfinished(stack.location, engine, { ...options, replace, beforeRun, beforeFirstChange }),
      () => found?.lab.plan.hosts.map(({ name }) => name) ?? [],
    );
  const { changes, outputs } = await run([]).catch(async (error: unknown) => {
    // What differs on a host may be what a step failed of.
    const isHopeless = onlyConfiguration || !isChanging || invocation.signal.aborted;
    const former = isHopeless ? undefined : found?.lab;
    const report = former && (await observe(former, "drift"));
    const repair = report && repairOf(report.drift, former, replaceable(report, yesReplace));
    if (former === undefined || repair === undefined) throw error;
    process.stderr.write(`lab: ${(error as Error).message}\n`);
    announce(repair);
    for (const host of repair.replaced) await allowReplacement(former, host);
    return run(repair.steps);
  });
  endRotation(stack.location);
  const isSame = changes.every(({ operation }) => operation === "same");
  if (isSame) await checkCertificates();
  // Facts that were read during a run without changes are still true.
  const facts = isSame ? await found?.facts : undefined;
  const before = found && facts && judgeLab(found.lab, facts);
  const lab = deployedLab(outputs, stack.location.stack);
  const started = found?.started ?? [];
  const patience = patienceWith(lab.configuration, started.length > 0);
  const repairFor = (report: Report): Repair | undefined =>
    onlyConfiguration ? undefined : repairOf(report.drift, lab, replaceable(report, yesReplace));
  // What can be put right need not settle first.
  let report = before && (before.proven || repairFor(before)) ? before : await proveNow(lab, patience, started);
  const repair = repairFor(report);
  if (repair === undefined) {
    if (isSame) showText("nothing to change\n");
  } else {
    announce(repair);
    report = await proveNow(await carryOut(invocation, engine, lab, repair), patience, started);
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
