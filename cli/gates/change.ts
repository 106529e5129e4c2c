import Table from "cli-table3";
import { stepProblem } from "../../config/ca-stages";
import { differing, findChanges, type KeyChange, renderRefusal, showValue } from "../../config/changes";
import type { LabConfig } from "../../config/schema";
import { EngineError, type Output } from "../../engine/engine";
import type { StackSettings } from "../stack/stack-settings";
import { reachedRotation } from "./rotation";

/**
 * Compares the configuration with the deployed one, and shows the effect of each changed key.
 * @throws EngineError when a key may not change on a lab that is up, or a stage of the CA's rotation is skipped.
 */
export function checkChanges(
  { configuration, unread }: Pick<StackSettings, "configuration" | "unread">,
  outputs: Readonly<Record<string, Output>>,
  show: (text: string) => void,
): readonly KeyChange[] {
  const reached = reachedRotation(outputs);
  if (reached === undefined) return [];
  const changes = findChanges(outputs.configuration?.value as LabConfig, configuration, unread);
  if (changes.length > 0) show(renderKeyChanges(changes));
  const refusals = changes.filter(({ effect }) => effect === "refused").map(renderRefusal);
  const skipped = unread.some((key) => key.startsWith("ca")) ? undefined : stepProblem(reached, configuration);
  const problems = [...refusals, ...(skipped === undefined ? [] : [skipped])];
  if (problems.length > 0) throw new EngineError(problems.join("\n"));
  return changes;
}

/** A row per key: from, to, and what the change does. */
function renderKeyChanges(changes: readonly KeyChange[]): string {
  const table = new Table({
    head: ["key", "from", "to", "what the change does"],
    colWidths: [null, null, null, 60],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { key, from, to, effect, text } of changes) {
    const values = [differing(from, to), differing(to, from)].map(showValue);
    table.push([`lab:${key}`, ...values, `${effect}: ${text}`]);
  }
  return `${table.toString()}\n`;
}
