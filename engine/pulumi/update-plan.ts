import { isDeepStrictEqual } from "node:util";
import type { Deployment, StateResource } from "./deployment";

/** What a preview saves of what it would do (`pulumi preview --save-plan`), as far as it is read here. */
export interface UpdatePlan {
  readonly resourcePlans: Readonly<Record<string, ResourcePlan>>;
}

interface ResourcePlan {
  readonly steps: readonly string[];
  /** What the program wants; it is missing for what the program does not have. */
  readonly goal?: Pick<StateResource, "protect" | "parent" | "dependencies"> & {
    readonly inputDiff: ResourceDiff;
    readonly outputDiff: ResourceDiff;
  };
}

interface ResourceDiff {
  readonly adds?: object;
  readonly deletes?: readonly string[];
  readonly updates?: object;
}

/** Whether an update would leave everything in the state as it is, a resource's place, protection and dependencies, and the stack's outputs too. */
export function changesNothing(
  { resourcePlans }: UpdatePlan,
  { resources = [], pending_operations }: Deployment,
): boolean {
  const isSame = (resource: StateResource): boolean => {
    const { steps, goal } = resourcePlans[resource.urn] ?? {};
    return (
      isDeepStrictEqual(steps, ["same"]) &&
      goal !== undefined &&
      inputsStay(resource, goal.inputDiff) &&
      isDeepStrictEqual(goal.outputDiff, {}) &&
      isDeepStrictEqual(placeOf(goal), placeOf(resource))
    );
  };
  const isWhole = Object.keys(resourcePlans).length === resources.length;
  return isWhole && (pending_operations ?? []).length === 0 && resources.every(isSame);
}

/** The CLI stores a provider with the version of its package, and gives it the one of its plugin in the next run, which need not be the same. */
function inputsStay({ type }: StateResource, { updates, ...more }: ResourceDiff): boolean {
  const names = Object.keys(updates ?? {}).filter(
    (name) => name !== "version" || !type.startsWith("pulumi:providers:"),
  );
  return names.length === 0 && isDeepStrictEqual(more, {});
}

function placeOf({ protect = false, parent = "", dependencies = [] }: Partial<StateResource>): unknown {
  return { protect, parent, dependencies: [...dependencies].sort() };
}
