import { type Engine, EngineError, type EngineEvent } from "../../engine/engine";
import { isRunning } from "../../hypervisor/private-libvirtd";
import { withAccelerator } from "../stack/accelerator";
import { type ChangeSummary, renderChanges, summarize } from "../show/changes";
import { announceEngine, openEngine } from "../stack/open-engine";
import { type Invocation, stackOf } from "../invocation";
import { checkChanges } from "../gates/change";
import type { Stack } from "../stack/stack";
import { stackSettings } from "../stack/stack-settings";
import { unfinishedSteps } from "../stack/unfinished-steps";
import { announceRemote, checkRemote } from "../gates/remote-libvirt";
import { checkExpiry } from "../gates/expiry";
import { handOver, inNamespace, thisCommand } from "../stack/hand-over";
import { isInOwnNamespace, runningNamespace } from "../stack/running-namespace";
import { comingRuns, renderSchedule } from "../show/schedule";
import { isToPrint, renderLog, writeError } from "../show/progress";

/** Shows what `up` would change. Installs and starts nothing. */
export async function preview(
  given: Invocation,
  { json = false, allowExpiring }: { json?: boolean; allowExpiring?: boolean },
): Promise<number> {
  const stack = stackOf(given);
  const invocation = withAccelerator(given, stack);
  const settings = stackSettings(invocation, stack, "nothing");
  if (!isInOwnNamespace(stack)) {
    await announceEngine(invocation, stack);
    announceRemote(settings.configuration);
    checkRemote(settings.configuration);
    // A lab that does not run can be previewed too.
    const namespace = await runningNamespace(stack).catch(() => undefined);
    if (namespace !== undefined) return handOver(inNamespace(namespace, thisCommand()));
  }
  const engine = await openEngine(invocation, stack);
  const show = (text: string): void => {
    if (!json) process.stdout.write(text);
  };
  const outputs = await engine.outputs();
  const configuration = checkChanges(settings, outputs, stack.location, show);
  const schedule = comingRuns(settings.configuration);
  const summary = { configuration, ...(await previewChanges(engine, invocation)), schedule };
  const text = (): string => renderChanges(summary) + renderSchedule(schedule);
  process.stdout.write(json ? `${JSON.stringify(summary, undefined, 2)}\n` : text());
  // Hosts that do not run cannot be asked: the stack's outputs have their certificates' expiry.
  const facts = !stack.isPrivate || isInOwnNamespace(stack) ? {} : { facts: new Map<string, never>() };
  const previewed = summary.changes;
  await checkExpiry(invocation, stack, engine, settings.configuration, { allowExpiring, previewed, outputs, ...facts });
  return 0;
}

/** What `up` would change; the program's messages go to the standard error. */
export async function previewChanges(engine: Engine, invocation: Invocation): Promise<ChangeSummary> {
  const { options, signal } = invocation;
  const onEvent = (event: EngineEvent): void => {
    if (event.kind === "log" && isToPrint(event, options.debug)) writeError(renderLog(event));
  };
  const stack = stackOf(invocation);
  const replace = unfinishedSteps(stack.location);
  try {
    return summarize(await engine.preview({ config: options.config, replace, signal, onEvent }));
  } catch (error) {
    throw (await needsLibvirtd(stack, engine, error)) ?? error;
  }
}

/** The error of a preview that failed because Pulumi's libvirt provider connects before it plans; undefined for another one. */
export async function needsLibvirtd(
  { location, isPrivate }: Stack,
  engine: Engine,
  error: unknown,
): Promise<Error | undefined> {
  const isMissing = isPrivate && engine.name === "pulumi" && !(await isRunning(location));
  if (!isMissing || !(error instanceof EngineError) || !/libvirt/.test(error.message)) return undefined;
  const { stack } = location;
  return new EngineError(
    `${error.message}\nPulumi's libvirt provider connects to libvirt before it plans, and the private libvirtd of stack "${stack}" is not ` +
      `running; hint: ./lab prepare --stack ${stack}`,
  );
}
