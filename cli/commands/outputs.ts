import { openEngine } from "../stack/open-engine";
import { type Invocation, stackOf } from "../invocation";
import { runningNamespace } from "../stack/running-namespace";

/** Shown by `./lab secrets` alone. */
const OWN_COMMAND = "passphrases";

/** Shows the stack's outputs, secrets only when asked for. */
export async function outputs(
  invocation: Invocation,
  { json = false, showSecrets = false }: { json?: boolean; showSecrets?: boolean },
): Promise<number> {
  const stack = stackOf(invocation);
  const engine = await openEngine(invocation, stack);
  const shown = Object.entries(await engine.outputs()).map(
    ([name, { value, secret }]) =>
      [name, secret && (!showSecrets || name === OWN_COMMAND) ? "[secret]" : value] as const,
  );
  if (json) {
    process.stdout.write(`${JSON.stringify(Object.fromEntries(shown), undefined, 2)}\n`);
  } else {
    for (const [name, value] of shown) {
      process.stdout.write(`${name}: ${typeof value === "string" ? value : JSON.stringify(value)}\n`);
    }
  }
  // The outputs are the last `up`'s, whether the hosts run or not.
  if (shown.length > 0) {
    await runningNamespace(stack).catch((error: unknown) => process.stderr.write(`lab: ${(error as Error).message}\n`));
  }
  return 0;
}
