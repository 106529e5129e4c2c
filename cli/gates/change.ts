import Table from "cli-table3";
import { stepProblem } from "../../config/ca-stages";
import { differing, findChanges, type KeyChange, renderRefusal, showValue } from "../../config/changes";
import { restart } from "../../config/key";
import type { LabConfig } from "../../config/schema";
import { EngineError, type Output, type StackLocation } from "../../engine/engine";
import type { StackSettings } from "../stack/stack-settings";
import { reachedRotation } from "./rotation";

/** The effect of another major version of PostgreSQL where the clusters have it already. */
const UPGRADED = restart("the lab takes over the primary as pg_upgrade has left it, and restores the standbys");

/**
 * Compares the configuration with the deployed one, and shows the effect of each changed key.
 * @throws EngineError when a key may not change on a lab that is up, or a stage of the CA's rotation is skipped.
 */
export function checkChanges(
  { configuration, unread, isUpgraded = false }: Pick<StackSettings, "configuration" | "unread" | "isUpgraded">,
  outputs: Readonly<Record<string, Output>>,
  location: Pick<StackLocation, "stateFolder">,
  show: (text: string) => void,
): readonly KeyChange[] {
  const reached = reachedRotation(outputs, location);
  if (reached === undefined) return [];
  const changes = findChanges(outputs.configuration?.value as LabConfig, configuration, unread).map((change) =>
    isUpgraded && change.key === "postgresqlVersion" ? { ...change, ...UPGRADED.change } : change,
  );
  if (changes.length > 0) show(renderKeyChanges(changes));
  const refusals = changes.filter(({ effect }) => effect === "refused").map(renderRefusal);
  const skipped = unread.some((key) => key.startsWith("ca")) ? undefined : stepProblem(reached, configuration);
  const problems = [...refusals, ...(skipped === undefined ? [] : [skipped])];
  if (problems.length > 0) throw new EngineError(problems.join("\n"));
  return changes;
}

/** Columns of the table of changes, whatever the values. */
const WIDTH = 120;

/** A row per key: from, to, and what the change does. */
export function renderKeyChanges(changes: readonly KeyChange[]): string {
  const head = ["key", "from", "to", "what the change does"];
  const rows = changes.map(({ key, from, to, effect, text }) => {
    const values = [differing(from, to), differing(to, from)].map((value) => folded(showValue(value)));
    return [`lab:${key}`, ...values, `${effect}: ${text}`];
  });
  // Each with a blank at either side.
  const widths = [0, 1, 2].map((column) => {
    const cells = [head, ...rows].flatMap((row) => row[column]?.split("\n") ?? []);
    return Math.max(...cells.map(({ length }) => length)) + 2;
  });
  const rest = WIDTH - head.length - 1 - widths.reduce((sum, width) => sum + width, 0);
  const table = new Table({
    head,
    colWidths: [...widths, Math.min(60, rest)],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  table.push(...rows);
  return `${table.toString()}\n`;
}

/** A value in lines of at most 22 characters: URLs and JSON have no blanks to wrap at. */
function folded(value: string): string {
  return value.replaceAll(/.{22}(?=.)/g, "$&\n");
}
