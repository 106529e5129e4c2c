import { describe, expect, it } from "vitest";
import { countsOf, sum } from "../../cli/commands/test";

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
