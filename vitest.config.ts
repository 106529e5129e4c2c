import { defineConfig } from "vitest/config";

const HOUR = 60 * 60 * 1000;

/** Scenarios that have the machine to themselves: emulation takes all of it, and the doctor is to be quick. */
const ALONE = ["catalogue", "cloud-image", "faults", "vm"].map((name) => `test/scenarios/${name}.test.ts`);

/** Real hosts, as long as it takes. */
const SCENARIO = { testTimeout: HOUR, hookTimeout: HOUR };

export default defineConfig({
  test: {
    // The program's warnings are told where a test fails.
    silent: "passed-only",
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/{unit,scripts,golden}/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        // On containers a lab waits more than it works: three at a time.
        test: {
          ...SCENARIO,
          name: "scenarios",
          include: ["test/scenarios/*.test.ts"],
          exclude: ALONE,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...SCENARIO,
          name: "scenarios-alone",
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
