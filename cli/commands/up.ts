import { someExist } from "../../config/sites";
import type { Engine } from "../../engine/engine";
import { isRunning } from "../../hypervisor/private-libvirtd";
import type { UpFlags } from "../bring-up";
import { confirm, isAsking } from "../confirm";
import { checkChanges } from "../gates/change";
import { checkMachines } from "../gates/machines";
import { announceRemote } from "../gates/remote-libvirt";
import { checkSpace } from "../gates/space";
import { type Invocation, stackOf } from "../invocation";
import { renderChanges } from "../show/changes";
import { withAccelerator } from "../stack/accelerator";
import { handOver, inNamespace, thisCommand } from "../stack/hand-over";
import { announceEngine, openEngine } from "../stack/open-engine";
import { isInOwnNamespace } from "../stack/running-namespace";
import { type StackSettings, stackSettings } from "../stack/stack-settings";
import { prepareStack } from "./prepare";

/** Brings the lab up, where its hosts can be reached: here, or with this command in the stack's namespace. */
export async function up(given: Invocation, flags: UpFlags): Promise<number> {
  const stack = stackOf(given);
  const invocation = withAccelerator(given, stack);
  const settings = { ...stackSettings(invocation, stack, "machine"), isUpgraded: flags.postgresqlUpgraded };
  const { configuration } = settings;
  if (!isInOwnNamespace(stack)) {
    await announceEngine(invocation, stack);
    announceRemote(configuration);
    const canRestart = invocation.options.yes === true || isAsking(invocation);
    if (someExist(configuration))
      await checkMachines(
        settings,
        stack.location.stack,
        await (await openEngine(invocation, stack)).outputs(),
        canRestart,
      );
    if (isAsking(invocation) && !(await isWanted(invocation, await openEngine(invocation, stack), settings))) return 1;
    checkSpace(stack, configuration);
    if (stack.isPrivate) {
      // Refusals come before any preparation. Where the libvirtd runs, that is done, and the run itself refuses: no engine is loaded here.
      if (!(await isRunning(stack.location))) {
        const outputs = await (await openEngine(invocation, stack)).outputs();
        checkChanges(settings, outputs, stack.location, () => undefined);
      }
      const { namespace } = await prepareStack(invocation, stack);
      return handOver(inNamespace(namespace, [...thisCommand(), "--yes"]));
    }
  }
  // Loaded on use: what asks hosts takes a while, and the waiting part of the command does without.
  return (await import("../bring-up")).bringUp(invocation, stack, settings, flags);
}

async function isWanted(invocation: Invocation, engine: Engine, settings: StackSettings): Promise<boolean> {
  checkChanges(settings, await engine.outputs(), stackOf(invocation).location, showText);
  const { previewChanges } = await import("./preview");
  showText(renderChanges(await previewChanges(engine, invocation)));
  return confirm(invocation, "Bring the lab up?");
}

function showText(text: string): void {
  process.stdout.write(text);
}
