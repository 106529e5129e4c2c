import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Driver, type Drift, MISSING, SHUT_OFF } from "../../engine/drivers/driver";
import { Deployment } from "../../engine/embedded/deployment";
import { type Goal, State } from "../../engine/embedded/state";

describe("a deployment of objects outside the state", () => {
  let folder: string;
  const objects = new Map<string, { name: unknown; isRunning: boolean; drift?: Drift }>();
  const calls: string[] = [];
  let fails = false;

  /** Objects that are told apart by UUID, as libvirt's are. */
  const driver: Driver = {
    inputs: ["name"],
    stable: ["uuid"],
    leavesObjects: true,
    change: (paths) => (paths.includes("name") ? "replace" : "update"),
    create: ({ inputs, outputs: { uuid } }) => {
      calls.push(`create ${String(inputs["name"])}`);
      if (fails) return Promise.reject(new Error("no room"));
      objects.set(uuid, { name: inputs["name"], isRunning: true });
      return Promise.resolve({ id: uuid, outputs: { uuid } });
    },
    update: ({ outputs }) => {
      calls.push("start");
      objects.set(String(outputs["uuid"]), { name: "x", isRunning: true });
      return Promise.resolve(outputs);
    },
    delete: ({ outputs }) => {
      calls.push(`delete ${objects.delete(String(outputs["uuid"])) ? "it" : "nothing"}`);
      return Promise.resolve();
    },
    observe: (subjects) =>
      Promise.resolve(
        subjects.map(({ outputs }) => {
          const object = objects.get(String(outputs["uuid"]));
          return object ? (object.isRunning ? object.drift : SHUT_OFF) : MISSING;
        }),
      ),
  };

  const goal = (changes: Partial<Goal> = {}): Goal => ({
    urn: "urn:pulumi:here::try::box:Box::one",
    type: "box:Box",
    name: "one",
    custom: true,
    inputs: { name: "one" },
    needs: [],
    sources: {},
    provider: "",
    protect: false,
    deleteBeforeReplace: true,
    ignoreChanges: [],
    replaceOnChanges: ["*"],
    secretOutputs: [],
    timeouts: { create: "", update: "", delete: "" },
    unsupported: [],
    ...changes,
  });

  async function run(...goals: Goal[]): Promise<{ operations: string[]; failures: string[] }> {
    return runReplacing([], ...goals);
  }

  async function runReplacing(
    replace: string[],
    ...goals: Goal[]
  ): Promise<{ operations: string[]; failures: string[] }> {
    const location = { projectFolder: folder, stack: "here", stateFolder: folder };
    const state = new State(location);
    const deployment = new Deployment({
      state,
      drivers: { "box:Box": driver },
      preview: false,
      replace: () => Promise.resolve(replace),
      emit: () => undefined,
      signal: undefined,
    });
    await deployment.observe();
    for (const one of goals) await deployment.register(one);
    await deployment.finish();
    await state.save();
    return { operations: deployment.changes.map(({ operation }) => operation), failures: deployment.failures };
  }

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-deployment-"));
    objects.clear();
    calls.length = 0;
    fails = false;
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("recreates what is missing, and starts what is shut off, whatever a change would take", async () => {
    await run(goal());
    for (const object of objects.values()) object.isRunning = false;
    expect(await run(goal())).toMatchObject({ operations: ["update"] });
    objects.clear();
    expect(await run(goal())).toMatchObject({ operations: ["create"] });
    expect(await run(goal())).toMatchObject({ operations: ["same"] });
    expect(await run(goal({ inputs: { name: "two" } }))).toMatchObject({ operations: ["replace"] });
    expect(calls).toEqual(["create one", "start", "create one", "delete it", "create two"]);
  });

  it("replaces for what is really there where replaceOnChanges says so, but never for a host that is shut off", async () => {
    await run(goal());
    for (const object of objects.values()) object.drift = { path: "size", found: 2 };
    expect(await run(goal({ replaceOnChanges: ["name"] }))).toMatchObject({ operations: ["update"] });
    for (const object of objects.values()) object.drift = { path: "size", found: 2 };
    expect(await run(goal())).toMatchObject({ operations: ["replace"] });
    for (const object of objects.values()) object.isRunning = false;
    expect(await run(goal())).toMatchObject({ operations: ["update"] });
  });

  it("leaves a difference alone that the resource ignores, unless the resource is missing", async () => {
    await run(goal());
    for (const object of objects.values()) object.isRunning = false;
    expect((await run(goal({ ignoreChanges: ["running"] }))).operations).toEqual(["same"]);
    objects.clear();
    expect((await run(goal({ ignoreChanges: ["*"] }))).operations).toEqual(["create"]);
  });

  it("replaces what it is asked to, although it does not differ, and nothing else", async () => {
    const other = goal({ urn: "urn:pulumi:here::try::box:Box::two", name: "two", inputs: { name: "two" } });
    await run(goal(), other);
    calls.length = 0;
    expect(await runReplacing(["two"], goal(), other)).toEqual({ operations: ["same", "replace"], failures: [] });
    expect(calls).toEqual(["delete it", "create two"]);
    expect(await run(goal(), other)).toMatchObject({ operations: ["same", "same"] });
  });

  it("neither deletes nor replaces a protected resource, until a run unprotects it, which may replace it", async () => {
    const urn = "urn:pulumi:here::try::box:Box::one";
    const lift = "./lab up --stack here --config protect=false";
    await run(goal({ protect: true }));
    calls.length = 0;
    expect(await run(goal({ protect: true, inputs: { name: "two" } }))).toEqual({
      operations: [],
      failures: [`box:Box one: unable to replace resource "${urn}", as it is protected; hint: ${lift}`],
    });
    const other = goal({ urn: "urn:pulumi:here::try::box:Box::two", name: "two", inputs: { name: "two" } });
    await run(goal({ protect: true }), other);
    // Nothing else is deleted either.
    expect(await run()).toEqual({
      operations: [],
      failures: [
        `box:Box one: resource "${urn}" cannot be deleted, because it is protected; ` +
          `hint: ${lift} first, or ./lab destroy --stack here --unprotect`,
      ],
    });
    expect(calls).toEqual(["create two"]);
    expect((await run(goal({ inputs: { name: "three" } }), other)).operations).toEqual(["replace", "same"]);
    expect((await run()).operations).toEqual(["delete", "delete"]);
    expect(objects.size).toBe(0);
  });

  it("replaces nothing that a protected resource would be replaced with", async () => {
    const dependent = goal({
      ...{ urn: "urn:pulumi:here::try::box:Box::two", name: "two", protect: true },
      ...{ needs: [goal().urn], sources: { name: [goal().urn] } },
    });
    await run(goal(), dependent);
    calls.length = 0;
    const { failures } = await run(goal({ inputs: { name: "two" } }), dependent);
    expect(failures).toEqual([
      'box:Box one: unable to replace resource "urn:pulumi:here::try::box:Box::two" as part of replacing ' +
        '"urn:pulumi:here::try::box:Box::one", as it is protected; hint: ./lab up --stack here --config protect=false',
    ]);
    expect(calls).toEqual([]);
  });

  it("deletes first what a killed create left, and touches nothing else of that name", async () => {
    await run(goal());
    const file = path.join(folder, "state.json");
    const state = JSON.parse(fs.readFileSync(file, "utf8")) as { resources: { condition?: string }[] };
    for (const resource of state.resources) resource.condition = "creating";
    fs.writeFileSync(file, JSON.stringify(state));
    objects.set("a stranger's", { name: "one", isRunning: true });
    expect(await run(goal())).toMatchObject({ operations: ["create"] });
    expect(calls).toEqual(["create one", "delete it", "create one"]);
    expect([...objects.keys()]).toContain("a stranger's");
    expect(objects.size).toBe(2);
  });

  it("deletes what a killed create left of a resource that is no more", async () => {
    await run(goal());
    const file = path.join(folder, "state.json");
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(/"id":/, '"condition": "creating", "id":'));
    await run();
    expect(objects.size).toBe(0);
  });

  it("keeps nothing of a create that failed, for the driver has cleaned up", async () => {
    fails = true;
    expect((await run(goal())).failures).toEqual(["box:Box one: no room"]);
    fails = false;
    expect(await run(goal())).toMatchObject({ operations: ["create"] });
    expect(calls).toEqual(["create one", "create one"]);
  });
});
