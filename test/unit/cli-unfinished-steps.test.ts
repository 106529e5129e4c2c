import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unfinishedSteps, upUnfinished } from "../../cli/stack/unfinished-steps";
import type { Change, Engine, EngineEvent, RunOptions, StackLocation } from "../../engine/engine";

let location: StackLocation;
beforeEach(() => {
  location = {
    projectFolder: "",
    stack: "here",
    stateFolder: fs.mkdtempSync(path.join(os.tmpdir(), "lab-unfinished-")),
  };
});
afterEach(() => {
  fs.rmSync(location.stateFolder, { recursive: true });
});

const change = (name: string, operation: Change["operation"], type = "command:remote:Command"): Change => ({
  ...{ urn: `urn::${name}`, name, type, operation },
  diff: [],
});
const begin = (of: Change): EngineEvent => ({ kind: "begin", change: of });
const end = (of: Change): EngineEvent => ({ kind: "end", change: of, seconds: 1 });
const fail = (of: Change): EngineEvent => ({ kind: "fail", change: of, seconds: 1, message: "no" });

/** Has an engine tell these events, and gives what it was asked for. */
async function up(...events: EngineEvent[]): Promise<readonly string[]> {
  let asked: readonly string[] = [];
  const engine = {
    up: ({ replace = [], onEvent }: RunOptions) => {
      asked = replace;
      for (const event of events) onEvent?.(event);
      return Promise.resolve({ changes: [], outputs: {} });
    },
  } as unknown as Engine;
  await upUnfinished(location, engine, {});
  return asked;
}

describe("a step that was run again and did not end well", () => {
  const step = change("pg1-srv-postgresql-start", "update");

  it("is carried out again by the next up, changed or not, until it ends well", async () => {
    expect(await up(begin(step), fail(step))).toEqual([]);
    expect(unfinishedSteps(location)).toEqual([step.name]);
    const again = change(step.name, "replace");
    expect(await up(begin(again), fail(again))).toEqual([step.name]);
    expect(await up(begin(again), end(again))).toEqual([step.name]);
    expect(await up()).toEqual([]);
  });

  it("is one that was running when a run was killed, too", async () => {
    await up(begin(step));
    expect(await up()).toEqual([step.name]);
  });

  it.each(["pg2-srv-back", "pg2-srv-postgresql-raise", "pg2-srv-packages-fetch", "pg2-srv-packages-upgrade"])(
    "is not %s, which runs on a change alone: an engine repeats its update, and a replacement would do nothing",
    async (name) => {
      const once = change(name, "update");
      await up(begin(once), fail(once));
      expect(unfinishedSteps(location)).toEqual([]);
    },
  );

  it("is none that was never there, and nothing that holds data", async () => {
    const created = change("pg2-srv-ready", "create");
    const disk = change("pg1-srv-disk", "update", "libvirt:index/volume:Volume");
    await up(begin(created), fail(created), begin(disk), fail(disk));
    expect(unfinishedSteps(location)).toEqual([]);
  });
});
