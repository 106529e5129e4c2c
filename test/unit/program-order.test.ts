import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { runProgram } from "../../engine/embedded/program";
import type { Goal } from "../../engine/embedded/state";
import { readProject } from "../../engine/project";
import { PROJECT_FOLDER } from "../support/stack-config";

/** The program without what index.ts does to components. */
const AS_WRITTEN = `
import { Lab } from "../../components/lab";
import { readSettings } from "../../config/settings";
import { planLab } from "../../plan/plan";
const { configuration: config, pki } = readSettings();
new Lab("lab", { config, plan: planLab(config), pki });
`;

const CONFIG = {
  "lab:standbys": "2",
  "lab:backupApi": "true",
  "lab:backupApiSource": "test/support/backup-api-stand-in",
};

let folder = "";

afterEach(() => {
  if (folder !== "") fs.rmSync(folder, { recursive: true });
  folder = "";
});

/** What a preview of the program registers, by URN. */
async function goalsOf(main = "index.ts"): Promise<ReadonlyMap<string, Goal>> {
  const goals = new Map<string, Goal>();
  const said: string[] = [];
  const location = { projectFolder: PROJECT_FOLDER, stack: "container", stateFolder: "" };
  const code = await runProgram(location, { ...readProject(location, CONFIG), main }, true, {
    register: (goal) => {
      goals.set(goal.urn, goal);
      return Promise.resolve({ id: "", properties: goal.inputs, succeeded: true });
    },
    finish: () => undefined,
    log: (_severity, message) => said.push(message),
  });
  expect(code, said.join("\n")).toBe(0);
  return goals;
}

/** What a resource depends on itself: the first of what it needs is its parent. */
const dependencies = ({ needs: [, ...others], provider }: Goal): string[] => others.filter((urn) => urn !== provider);

/** What a resource depends on, and what that depends on. */
function allDependencies(goal: Goal, goals: ReadonlyMap<string, Goal>, found = new Set<string>()): Set<string> {
  for (const urn of dependencies(goal)) {
    const isNew = !found.has(urn);
    found.add(urn);
    const needed = goals.get(urn);
    if (isNew && needed !== undefined) allDependencies(needed, goals, found);
  }
  return found;
}

/** The components that a resource is in. */
function componentsOf({ needs: [parent = ""] }: Goal, goals: ReadonlyMap<string, Goal>): Goal[] {
  const component = goals.get(parent);
  return component === undefined ? [] : [component, ...componentsOf(component, goals)];
}

describe("the order of the program's resources", () => {
  it("is that of resources alone: no component waits", async () => {
    const components = [...(await goalsOf()).values()].filter(({ custom }) => !custom);
    expect(components.length).toBeGreaterThan(40);
    expect(components.flatMap((component) => dependencies(component).map((urn) => [component.name, urn]))).toEqual([]);
  });

  it("loses nothing by that: each resource depends on what its components were given to depend on", async () => {
    folder = fs.mkdtempSync(path.join(PROJECT_FOLDER, ".lab", "test-order-"));
    fs.writeFileSync(path.join(folder, "index.ts"), AS_WRITTEN);
    const goals = await goalsOf(path.relative(PROJECT_FOLDER, path.join(folder, "index.ts")));
    const waiting = [...goals.values()].filter((goal) => !goal.custom && dependencies(goal).length > 0);
    expect(waiting.length).toBeGreaterThan(10);
    // Keys and certificates are made in the state, and wait for nothing.
    const lost = [...goals.values()]
      .filter(({ custom, type }) => custom && !type.startsWith("tls:"))
      .flatMap((goal) => {
        const own = allDependencies(goal, goals);
        const given = componentsOf(goal, goals).flatMap(dependencies);
        return given.filter((urn) => urn !== goal.urn && !own.has(urn)).map((urn) => [goal.name, urn]);
      });
    expect(lost).toEqual([]);
  });
});
