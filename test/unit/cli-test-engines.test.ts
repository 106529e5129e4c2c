import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { testEngines } from "../../cli/test-engines";
import { PROJECT_FOLDER } from "../support/stack-config";

describe("the engines of ./lab test", () => {
  it("are both for all tests: Pulumi's own is built first, and its scenarios run on it", () => {
    const { needsPulumi, onPulumi } = testEngines(undefined, undefined);
    expect(needsPulumi).toBe(true);
    expect(onPulumi).toEqual(["container", "engines", "killed", "trust", "users-lab", "vm"]);
    const scenario = (name: string) => path.join(PROJECT_FOLDER, "test", "scenarios", `${name}.test.ts`);
    for (const name of onPulumi)
      expect(fs.readFileSync(scenario(name), "utf8"), name).toMatch(/\bON_PULUMI\b|"pulumi"/);
  });

  it("are the one that a scenario runs on", () => {
    expect(testEngines("catalogue", undefined)).toEqual({ needsPulumi: false, onPulumi: [] });
    for (const name of ["container", "engines", "killed", "trust", "users-lab", "vm"])
      expect(testEngines(name, undefined)).toEqual({ needsPulumi: true, onPulumi: [name] });
  });

  it("are the one of LAB_ENGINE", () => {
    expect(testEngines(undefined, "embedded")).toEqual({ needsPulumi: false, onPulumi: [] });
    expect(testEngines("container", "pulumi")).toEqual({ needsPulumi: true, onPulumi: "all" });
    expect(() => testEngines(undefined, "pulum")).toThrow(
      new Error('LAB_ENGINE must be embedded or pulumi, got "pulum"'),
    );
  });
});
