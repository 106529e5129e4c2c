import { randomUUID } from "node:crypto";
import { type Driver, MISSING, SHUT_OFF, unknownInputs } from "../drivers/driver";
import type { Drivers } from "../drivers/drivers";
import type { Change, Operation } from "../engine";
import { keptFromReplacement } from "./protection";
import type { Goal, Resource } from "./state";
import { covers, differences, keepOld, pulumiPath, reveal } from "../values";

/** What a resource takes. */
export interface Step {
  readonly driver: Driver;
  /** The goal, with the inputs of `ignoreChanges` as they were. */
  readonly next: Goal;
  readonly found: Resource | undefined;
  readonly change: Change;
  /** The paths of the inputs that differ, and of what has drifted. */
  readonly differing: readonly string[];
}

/** What decides beside the goal and the state. */
export interface Circumstances {
  /** What differs from the state: a property path, or `missing`. */
  readonly drift: string | undefined;
  /** Whether it was deleted before its turn, as something that its inputs come from is replaced. */
  readonly isDeleted: boolean;
  /** Whether the run was asked to replace it. */
  readonly isAskedFor: boolean;
}

/** Components and providers: records, for which there is nothing to do. */
const RECORD: Driver = {
  inputs: ["*"],
  change: () => "update",
  create: () => Promise.resolve({ id: randomUUID(), outputs: {} }),
};

/** @throws Error when the type has no driver. */
export function driverOf({ type, custom }: Goal, drivers: Drivers): Driver {
  if (!custom || type.startsWith("pulumi:providers:")) return RECORD;
  const driver = drivers[type];
  if (!driver) throw new Error(`the embedded engine does not support type ${type}`);
  return driver;
}

/** A resource's change; what differs is added by who knows it. */
export function changeOf({ urn, type, name }: Goal, operation: Operation): Change {
  return { urn, type, name, operation, diff: [] };
}

/**
 * Decides what a resource takes.
 * @throws Error when the engine or the resource's driver does not support it.
 */
export function decide(goal: Goal, found: Resource | undefined, drivers: Drivers, on: Circumstances): Step {
  const driver = driverOf(goal, drivers);
  const refused = [
    ...goal.unsupported.map((option) => `option "${option}"`),
    ...unknownInputs(driver, reveal(goal.inputs)).map((path) => `input "${path}"`),
  ];
  if (refused.length > 0) throw new Error(`the embedded engine does not support ${refused.join(", ")} of ${goal.type}`);
  if (!found || on.drift === MISSING.path || on.isDeleted) {
    return { driver, next: goal, found, change: changeOf(goal, on.isDeleted ? "replace" : "create"), differing: [] };
  }
  const { drift = "" } = on;
  const isIgnored = drift === "" || goal.ignoreChanges.some((pattern) => covers(pattern, drift));
  const next = { ...goal, inputs: keepOld(found.inputs, goal.inputs, goal.ignoreChanges) };
  const changed = differences(reveal(found.inputs), reveal(next.inputs));
  const differing = [
    ...changed,
    ...(isIgnored ? [] : [drift]),
    ...(found.provider === goal.provider ? [] : ["provider"]),
  ];
  const isAskedFor = goal.custom && on.isAskedFor;
  if (differing.length === 0 && !isAskedFor) return { driver, next, found, change: changeOf(goal, "same"), differing };
  const isReplaced =
    isAskedFor ||
    differing.includes("provider") ||
    mustReplace(next, drift === SHUT_OFF.path ? changed : differing) ||
    driver.change(differing, reveal(next.inputs)) === "replace";
  // One run may unprotect a resource and replace it.
  if (isReplaced && found.protect && goal.protect) throw new Error(keptFromReplacement(found));
  // What is asked for is not compared (Pulumi's rule).
  const diff = isAskedFor ? [] : differing.map(pulumiPath);
  const change = { ...changeOf(goal, isReplaced ? "replace" : "update"), diff };
  return { driver, next, found, change, differing };
}

/** The candidates that are replaced with a resource: their inputs come from it, and would be unknown (Pulumi's rule). */
export function dependentsToReplace(root: Resource, candidates: readonly Resource[], drivers: Drivers): Resource[] {
  const urns = new Set([root.urn]);
  const isReplaced = (resource: Resource): boolean => {
    if (urns.has(resource.provider)) return true;
    const changed = Object.keys(resource.inputs).filter(
      (input) =>
        resource.sources[input]?.some((urn) => urns.has(urn)) &&
        !resource.ignoreChanges.some((pattern) => covers(pattern, input)),
    );
    if (changed.length === 0) return false;
    try {
      return (
        mustReplace(resource, changed) ||
        driverOf(resource, drivers).change(changed, reveal(resource.inputs)) === "replace"
      );
    } catch {
      // A change that its driver refuses is told at its own turn.
      return false;
    }
  };
  const dependents: Resource[] = [];
  for (let count = -1; dependents.length > count;) {
    count = dependents.length;
    dependents.push(...candidates.filter((resource) => !urns.has(resource.urn) && isReplaced(resource)));
    for (const { urn } of dependents) urns.add(urn);
  }
  return dependents;
}

function mustReplace({ replaceOnChanges }: Goal, paths: readonly string[]): boolean {
  return paths.some((path) => replaceOnChanges.some((pattern) => covers(pattern, path)));
}
