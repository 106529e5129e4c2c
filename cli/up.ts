import { withAccelerator } from "./accelerator";
import { renderChanges } from "./changes";
import { checkSpace } from "./check-space";
import { confirm, isAsking } from "./confirm";
import { deployedLab } from "./deployed-lab";
import { announceEngine, openEngine } from "./engine";
import { checkExpiry } from "./expiry-gate";
import { handOver, inNamespace, thisCommand } from "./hand-over";
import type { Invocation } from "./invocation";
import { stackOf } from "./invocation";
import { prepareStack } from "./prepare";
import { previewChanges } from "./preview";
import { withProgress } from "./progress";
import { renderReport } from "./report";
import { checkRotation } from "./rotation-gate";
import { safeguard } from "./safeguard";
import { isInOwnNamespace } from "./running-namespace";
import type { Stack } from "./stack";
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
  if (!isInOwnNamespace(stack)) {
    announceEngine(invocation, stack);
    if (isAsking(invocation) && !(await isWanted(invocation, stack))) return 1;
    checkSpace(invocation, stack);
    if (stack.isPrivate) {
      const { namespace } = await prepareStack(invocation, stack);
      return handOver(inNamespace(namespace, [...thisCommand(), "--yes"]));
    }
  }
  const engine = await openEngine(invocation, stack);
  checkRotation(stack.location, invocation.options.config, await engine.outputs());
  const started = await safeguard(invocation, stack, engine, yesReplace);
  // A host that boots cannot be asked yet; what it shows is proven after the run.
  if (started.length === 0) await checkExpiry(invocation, stack, engine, { allowExpiring });
  const { changes, outputs } = await withProgress(invocation, (run) => engine.up(run));
  if (changes.every(({ operation }) => operation === "same")) process.stdout.write("nothing to change\n");
  const report = await proveLab(
    deployedLab(outputs, stack.location.stack),
    started.length > 0 ? BOOT_SECONDS : SETTLE_SECONDS,
  );
  process.stdout.write(renderReport(report));
  return report.proven ? 0 : 1;
}

async function isWanted(invocation: Invocation, stack: Stack): Promise<boolean> {
  const changes = await previewChanges(await openEngine(invocation, stack), invocation);
  process.stdout.write(renderChanges(changes));
  return confirm(invocation, "Bring the lab up?");
}
