import type { Engine } from "../../engine/engine";
import { judge } from "../../observe/proofs";
import { withAccelerator } from "../stack/accelerator";
import { renderChanges } from "../show/changes";
import { checkSpace } from "../gates/space";
import { confirm, isAsking } from "../confirm";
import type { DeployedLab } from "../stack/deployed-lab";
import { deployedLab } from "../stack/deployed-lab";
import { announceEngine, openEngine } from "../stack/open-engine";
import { checkExpiry } from "../gates/expiry";
import { readFacts } from "../../observe/facts";
import { handOver, inNamespace, thisCommand } from "../stack/hand-over";
import type { Invocation } from "../invocation";
import { stackOf } from "../invocation";
import { prepareStack } from "./prepare";
import { previewChanges } from "./preview";
import { withProgress } from "../show/progress";
import { renderReport } from "../show/report";
import { checkChanges } from "../gates/change";
import { safeguard } from "../gates/safeguard";
import { isInOwnNamespace } from "../stack/running-namespace";
import type { Stack } from "../stack/stack";
import type { StackSettings } from "../stack/stack-settings";
import { stackSettings } from "../stack/stack-settings";
import { proveLab } from "./status";

/** How long a host that was started may take until its services are what they were: emulated ones boot slowly. */
const BOOT_SECONDS = 240;

/** How long a service that has just been started, and answers, may take until systemd calls it active. */
const SETTLE_SECONDS = 30;

/** Brings the lab up and proves it; exit status 0 only when it is proven. */
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
    announceEngine(invocation, stack);
    if (isAsking(invocation) && !(await isWanted(invocation, engine, settings))) return 1;
    checkSpace(stack, configuration);
    if (stack.isPrivate) {
      const { namespace } = await prepareStack(invocation, stack);
      return handOver(inNamespace(namespace, [...thisCommand(), "--yes"]));
    }
  }
  checkChanges(settings, await engine.outputs(), showText);
  const { started, canBeAsked } = await safeguard(invocation, stack, engine, configuration, yesReplace);
  // A host that boots, or is not there, cannot be asked yet; what it shows is proven after the run.
  const seen = canBeAsked ? await look(engine, stack) : undefined;
  let checked: Promise<void> | undefined;
  const check = (): Promise<void> =>
    (checked ??= (async () =>
      checkExpiry(invocation, stack, engine, configuration, { allowExpiring, facts: await seen?.facts }))());

  const beforeFirstChange = seen && check;
  const { changes, outputs } = await withProgress(invocation, (run) => engine.up({ ...run, beforeFirstChange }));
  const isSame = changes.every(({ operation }) => operation === "same");
  if (isSame) {
    await beforeFirstChange?.();
    process.stdout.write("nothing to change\n");
  }
  // What the hosts told during a run that changed nothing is as good as what they would tell now.
  const before = isSame && seen ? judge(seen.lab.stanza, seen.lab.hosts, await seen.facts) : undefined;
  const report = before?.proven
    ? before
    : await proveLab(deployedLab(outputs, stack.location.stack), started ? BOOT_SECONDS : SETTLE_SECONDS);
  process.stdout.write(renderReport(report));
  return report.proven ? 0 : 1;
}

function showText(text: string): void {
  process.stdout.write(text);
}

/** A lab that is there, and what its hosts tell, which takes a while. */
async function look(
  engine: Engine,
  { location }: Stack,
): Promise<{ lab: DeployedLab; facts: ReturnType<typeof readFacts> }> {
  const outputs = await engine.outputs();
  const lab = deployedLab(outputs, location.stack);
  // It never rejects.
  return { lab, facts: readFacts(lab) };
}

async function isWanted(invocation: Invocation, engine: Engine, settings: StackSettings): Promise<boolean> {
  checkChanges(settings, await engine.outputs(), showText);
  showText(renderChanges(await previewChanges(engine, invocation)));
  return confirm(invocation, "Bring the lab up?");
}
