import { expect, it } from "vitest";
import type { Deployment } from "../../engine/pulumi/deployment";
import { changesNothing, type UpdatePlan } from "../../engine/pulumi/update-plan";

const resources = [
  { urn: "stack", type: "pulumi:pulumi:Stack" },
  { urn: "host", type: "box:Box", custom: true, parent: "stack", dependencies: ["key", "disk"] },
];
const SAME = { steps: ["same"], goal: { inputDiff: {}, outputDiff: {} } };
const HOST = { ...SAME, goal: { ...SAME.goal, parent: "stack", protect: false, dependencies: ["disk", "key"] } };

function nothing(plans: UpdatePlan["resourcePlans"], state: Partial<Deployment> = {}): boolean {
  return changesNothing({ resourcePlans: { stack: SAME, host: HOST, ...plans } }, { resources, ...state });
}

it("is nothing when every resource stays, whatever the order of what it depends on", () => {
  expect(nothing({})).toBe(true);
  expect(nothing({}, { pending_operations: [] })).toBe(true);
});

it("is nothing when a provider's version is the plugin's and no longer the package's, which no other resource may do", () => {
  const goal = (updates: object) => ({ ...SAME, goal: { inputDiff: { updates }, outputDiff: {} } });
  const provider = { urn: "provider", type: "pulumi:providers:libvirt", custom: true };
  const state = { resources: [...resources, provider] };
  expect(nothing({ provider: goal({ version: "1.1.3" }) }, state)).toBe(true);
  expect(nothing({ provider: goal({ version: "1.1.3", uri: "a" }) }, state)).toBe(false);
  expect(nothing({ stack: goal({ version: "1.1.3" }) })).toBe(false);
});

it.each<[string, UpdatePlan["resourcePlans"]]>([
  ["another step", { host: { ...HOST, steps: ["update"] } }],
  ["no goal, as for what is deleted", { host: { steps: ["same"] } }],
  ["a new resource", { other: SAME }],
  ["an output of the stack", { stack: { ...SAME, goal: { inputDiff: {}, outputDiff: { updates: { a: 1 } } } } }],
  ["an input", { host: { ...HOST, goal: { ...HOST.goal, inputDiff: { adds: { a: 1 } } } } }],
  ["protection", { host: { ...HOST, goal: { ...HOST.goal, protect: true } } }],
  ["another place", { host: { ...HOST, goal: { ...HOST.goal, parent: "other" } } }],
  ["a dependency", { host: { ...HOST, goal: { ...HOST.goal, dependencies: ["disk"] } } }],
])("is something with %s", (_what, plans) => {
  expect(nothing(plans)).toBe(false);
});

it("is something where a killed run has left what it was about to do, or a resource that no plan has", () => {
  expect(nothing({}, { pending_operations: [{ type: "creating" }] })).toBe(false);
  expect(nothing({}, { resources: [...resources, { urn: "old", type: "box:Box", custom: true }] })).toBe(false);
});
