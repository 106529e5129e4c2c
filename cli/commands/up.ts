import type { Engine } from "../../engine/engine";
import { withAccelerator } from "../stack/accelerator";
import { renderChanges } from "../show/changes";
import { checkSpace } from "../gates/space";
import { confirm, isAsking } from "../confirm";
import type { ReadHost } from "../../observe/facts";
import type { DeployedLab } from "../../observe/lab";
import { deployedLab } from "../stack/deployed-lab";
import { announceEngine, openEngine } from "../stack/open-engine";
import { checkExpiry } from "../gates/expiry";
import { judgeLab, prove, readFacts } from "../../observe/observe";
import { patienceWith } from "../../observe/session";
import { handOver, inNamespace, thisCommand } from "../stack/hand-over";
import { type Invocation, stackOf } from "../invocation";
import { prepareStack } from "./prepare";
import { previewChanges } from "./preview";
import { withProgress } from "../show/progress";
import { renderStatus } from "../show/report";
import { checkChanges } from "../gates/change";
import { safeguard, type Safeguarded } from "../gates/safeguard";
import { isInOwnNamespace } from "../stack/running-namespace";
import { type StackSettings, stackSettings } from "../stack/stack-settings";
import { upUnfinished } from "../stack/unfinished-steps";

/** Brings the lab up and verifies it; exit status 0 only when it is proven. */
export async function up(
  given: Invocation,
  { yesReplace, allowExpiring }: { yesReplace: readonly string[]; allowExpiring?: boolean },
): Promise<number> {
  const stack = stackOf(given);
  const invocation = withAccelerator(given, stack);
  const settings = stackSettings(invocation, stack, "machine");
  const { configuration } = settings;
  const engine = await openEngine(invocation, stack);
  if (!isInOwnNamespace(stack)) {
    await announceEngine(invocation, stack);
    if (isAsking(invocation) && !(await isWanted(invocation, engine, settings))) return 1;
    checkSpace(stack, configuration);
    if (stack.isPrivate) {
      // Refusals come before any preparation; the run itself shows the changes.
      checkChanges(settings, await engine.outputs(), () => undefined);
      const { namespace } = await prepareStack(invocation, stack);
      return handOver(inNamespace(namespace, [...thisCommand(), "--yes"]));
    }
  }
  let found = undefined as Found | undefined;
  const beforeRun = async (): Promise<void> => {
    const outputs = await engine.outputs();
    checkChanges(settings, outputs, showText);
    if (outputs.plan === undefined) return;
    const lab = deployedLab(outputs, stack.location.stack);
    const safeguarded = await safeguard(invocation, stack, engine, lab, configuration, yesReplace);
    // A host that is booting or missing cannot be asked yet: its certificate is verified after the run.
    found = { ...safeguarded, lab, facts: safeguarded.canBeAsked ? readFacts(lab, "proof") : undefined };
  };
  let checked: Promise<void> | undefined;
  const checkCertificates = (): Promise<void> =>
    (checked ??= (async () => {
      // For a host that cannot be asked, the stack's outputs have its certificate's expiry.
      const facts = (await found?.facts) ?? new Map<string, ReadHost>();
      await checkExpiry(invocation, stack, engine, configuration, { allowExpiring, facts });
    })());
  const beforeFirstChange = async (): Promise<void> => {
    await found?.checkLosses();
    await checkCertificates();
  };
  const { changes, outputs } = await withProgress(invocation, engine, (run) =>
    upUnfinished(stack.location, engine, { ...run, beforeRun, beforeFirstChange }),
  );
  const isSame = changes.every(({ operation }) => operation === "same");
  if (isSame) {
    await checkCertificates();
    process.stdout.write("nothing to change\n");
  }
  // Facts that were read during a run without changes are still true.
  const facts = isSame ? await found?.facts : undefined;
  const before = found && facts && judgeLab(found.lab, facts);
  const lab = deployedLab(outputs, stack.location.stack);
  const patience = patienceWith(lab.configuration, found?.started);
  const report = before?.proven ? before : await prove(lab, patience.settle, patience);
  process.stdout.write(renderStatus(report));
  return report.proven ? 0 : 1;
}

function showText(text: string): void {
  process.stdout.write(text);
}

/** A lab that exists before a run. */
interface Found extends Safeguarded {
  readonly lab: DeployedLab;
  /** The facts of its hosts, which never reject; undefined when the hosts cannot be asked. */
  readonly facts: Promise<ReadonlyMap<string, ReadHost>> | undefined;
}

async function isWanted(invocation: Invocation, engine: Engine, settings: StackSettings): Promise<boolean> {
  checkChanges(settings, await engine.outputs(), showText);
  showText(renderChanges(await previewChanges(engine, invocation)));
  return confirm(invocation, "Bring the lab up?");
}
