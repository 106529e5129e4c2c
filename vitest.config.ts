import { defineConfig } from "vitest/config";

const HOUR = 60 * 60 * 1000;

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
        // Real hosts: one scenario at a time, as long as it takes.
        test: {
          name: "scenarios",
          include: ["test/scenarios/*.test.ts"],
          fileParallelism: false,
          testTimeout: HOUR,
          hookTimeout: HOUR,
        },
      },
    ],
  },
});
