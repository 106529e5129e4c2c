import { defineConfig } from "vitest/config";

const HOUR = 60 * 60 * 1000;

const scenarios = (...names: string[]): string[] => names.map((name) => `test/scenarios/${name}.test.ts`);

/** Scenarios that have the machine to themselves: emulation takes all of it. */
const ALONE = scenarios("cloud-image", "vm");

/** The catalogue takes a quarter of an hour and waits for most of it, but its doctor is to be quick: these, one after the other, leave it room. */
const BESIDE_CATALOGUE = scenarios("catalogue", "faults", "engines", "killed", "users-lab", "major");

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
          exclude: [...ALONE, ...BESIDE_CATALOGUE],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...SCENARIO,
          name: "scenarios-catalogue",
          include: BESIDE_CATALOGUE,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...SCENARIO,
          name: "scenarios-alone",
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
