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
    expect(leftToOthers()).toEqual(expect.arrayContaining(["el8", "vm"]));
  });

  it("run every scenario in one of them, or in all", () => {
    const run = ["1", "2", "3"].map((turn) => {
      const left = leftToOthers(turn);
      return scenarios.filter((name) => !left.includes(name));
    });
    const times = (name: string): number => run.filter((names) => names.includes(name)).length;
    expect(scenarios.filter((name) => times(name) !== 1)).toEqual([
      ...["backup-api", "catalogue", "container", "refusals", "trust"],
    ]);
    expect(scenarios.filter((name) => times(name) === 2)).toEqual([]);
    expect(["1", "2", "3"].flatMap(leftToOthers).filter((name) => !scenarios.includes(name))).toEqual([]);
  });

  it("come one after the other, by the commits", () => {
    expect(["1", "2", "3"].map(leftToOthers)).toContainEqual(leftToOthers("commit"));
  });

  it("are three", () => {
    expect(() => leftToOthers("4")).toThrow(new Error('LAB_TURN must be 1, 2, 3 or commit, got "4"'));
  });
});
