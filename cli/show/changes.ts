import type { Change, Operation } from "../../engine/engine";
import { hostsAmong, stepOf } from "../resource-names";

/** A run's changes, for programs. */
export interface ChangeSummary extends Record<Exclude<Operation, "same">, number> {
  /** The names of the lab's hosts, removed ones included. */
  readonly hosts: readonly string[];
  readonly changes: readonly Change[];
}

/** Counts the changes, without resources that stay the same. */
export function summarize(all: readonly Change[]): ChangeSummary {
  const changes = all.filter(({ operation }) => operation !== "same");
  const count = (wanted: Operation): number => changes.filter(({ operation }) => operation === wanted).length;
  return {
    create: count("create"),
    update: count("update"),
    replace: count("replace"),
    delete: count("delete"),
    // Engines tell of them in the order in which they come to them.
    hosts: hostsAmong(all).sort(),
    changes,
  };
}

/** A line per change, then the sum; or `nothing to change`. */
export function renderChanges({ hosts, changes, ...counts }: ChangeSummary): string {
  if (changes.length === 0) return "nothing to change\n";
  const lines = changes.map((change) => {
    const { host, step } = stepOf(change, hosts);
    const why = change.diff.length === 0 ? "" : `  (${change.diff.join(", ")})`;
    return `  ${change.operation.padEnd(7)}  ${host.padEnd(10)}  ${step}${why}`;
  });
  const sum = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([operation, count]) => `${count} to ${operation}`);
  return [...lines, sum.join(", "), ""].join("\n");
}
