import { describe, expect, it } from "vitest";
import { countsOf, renderScenarios, sum } from "../../cli/commands/test";

const REPORT = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 2, numTodoTests: 1 };

describe("the closing line of ./lab test", () => {
  it("adds the checks and every run of vitest up", () => {
    const checks = { passed: 3, failed: 1, skipped: 0 };
    expect(sum([checks, countsOf(0, REPORT)])).toEqual({ passed: 10, failed: 1, skipped: 3 });
  });

  it("counts a run that fails without a failed test, or that leaves no report, as a failure", () => {
    expect(countsOf(1, REPORT)).toEqual({ passed: 7, failed: 1, skipped: 3 });
    expect(countsOf(137, undefined)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countsOf(1, { ...REPORT, numFailedTests: 4 }).failed).toBe(4);
  });
});

describe("the lines of ./lab test on its scenarios", () => {
  const report = {
    testResults: [
      { file: "vm", status: "passed" as const, tests: ["skipped", "pending"] },
      { file: "container", status: "passed" as const, tests: ["passed", "passed", "todo"] },
      { file: "users-lab", status: "failed" as const, tests: ["passed", "failed"] },
      { file: "engines", status: "failed" as const, tests: [] },
    ].map(({ file, status, tests }) => ({
      ...{ name: `/project/test/scenarios/${file}.test.ts`, status, startTime: 60_000, endTime: 150_000 },
      assertionResults: tests.map((each) => ({ status: each })),
    })),
  };

  it("say of each what passed, failed, or was skipped, how long it took, and that it ran on Pulumi's own engine", () => {
    expect(renderScenarios(["engines", "users-lab", "trust"], report)).toEqual([
      "vm: 0 passed, 0 failed, 2 skipped in 1.5 min\n",
      "container: 2 passed, 0 failed, 1 skipped in 1.5 min\n",
      "users-lab: 1 passed, 1 failed, 0 skipped in 1.5 min, on Pulumi's own engine\n",
      "engines: 0 passed, 1 failed, 0 skipped in 1.5 min, on Pulumi's own engine\n",
    ]);
    expect(renderScenarios("all", report)[0]).toMatch(/, on Pulumi's own engine\n$/);
  });

  it("are none without a report", () => {
    expect(renderScenarios("all", undefined)).toEqual([]);
  });
});
