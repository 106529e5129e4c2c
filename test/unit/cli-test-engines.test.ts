import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { testEngines } from "../../cli/test-engines";
import { PROJECT_FOLDER } from "../support/stack-config";

describe("the engines of ./lab test", () => {
  it("are both for all tests: Pulumi's own is built first, and its scenarios run once more", () => {
    const { needsPulumi, onPulumi, onceMore } = testEngines(undefined, undefined);
    expect(needsPulumi).toBe(true);
    expect(onPulumi).toEqual(["engines", "killed", "trust", "users-lab"]);
    expect(onceMore).toEqual(["container", "vm"]);
    for (const name of onceMore)
      expect(fs.existsSync(path.join(PROJECT_FOLDER, "test", "scenarios", `${name}.test.ts`))).toBe(true);
  });

  it("are the embedded one alone for one scenario, unless it is about Pulumi's", () => {
    expect(testEngines("container", undefined)).toEqual({ needsPulumi: false, onPulumi: [], onceMore: [] });
    for (const name of ["engines", "killed", "trust", "users-lab"])
      expect(testEngines(name, undefined)).toEqual({ needsPulumi: true, onPulumi: [name], onceMore: [] });
  });

  it("are the one of LAB_ENGINE", () => {
    expect(testEngines(undefined, "embedded")).toEqual({ needsPulumi: false, onPulumi: [], onceMore: [] });
    expect(testEngines("container", "pulumi")).toEqual({ needsPulumi: true, onPulumi: "all", onceMore: [] });
    expect(() => testEngines(undefined, "pulum")).toThrow(
      new Error('LAB_ENGINE must be embedded or pulumi, got "pulum"'),
    );
  });
});
