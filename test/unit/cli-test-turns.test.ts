import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { leftToOthers } from "../../cli/test-turns";
import { PROJECT_FOLDER } from "../support/stack-config";

describe("the turns of ./lab test", () => {
  const scenarios = fs
    .readdirSync(path.join(PROJECT_FOLDER, "test", "scenarios"))
    .map((file) => file.replace(".test.ts", ""));

  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("leave nothing out unless they are asked for", () => {
    vi.stubEnv("LAB_TURN", undefined);
    expect(leftToOthers()).toEqual([]);
    vi.stubEnv("LAB_TURN", "2");
    expect(leftToOthers()).toContain("el8");
  });

  it("run every scenario in one of them, or in both", () => {
    const [first, second] = ["1", "2"].map(leftToOthers) as [readonly string[], readonly string[]];
    expect(first.filter((name) => second.includes(name))).toEqual([]);
    expect([...first, ...second].filter((name) => !scenarios.includes(name))).toEqual([]);
    expect(scenarios.filter((name) => !first.includes(name) && !second.includes(name))).toEqual([
      ...["backup-api", "catalogue", "container", "refusals", "trust"],
    ]);
  });

  it("come one after the other, by the commits", () => {
    expect(["1", "2"].map(leftToOthers)).toContainEqual(leftToOthers("commit"));
  });

  it("are two", () => {
    expect(() => leftToOthers("3")).toThrow(new Error('LAB_TURN must be 1, 2 or commit, got "3"'));
  });
});
