import * as os from "node:os";
import * as path from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const HOUR = 60 * 60 * 1000;

const scenarios = (...names: string[]): string[] => names.map((name) => `test/scenarios/${name}.test.ts`);

/** Scenarios that have the machine to themselves: emulation takes all of it, and the doctor is to be quick. */
const ALONE = scenarios("catalogue", "cloud-image", "faults", "vm");

/** These begin first, in this order, so that no processor waits for a last one; and the two with package managers in Python are not side by side. */
const LONGEST = scenarios("el8", "versions", "keys", "sles15", "interruptions", "backup-api", "upgrades", "engines");

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.indexOf(path.relative(__dirname, moduleId));
      return index < 0 ? LONGEST.length : index;
    };
    return (await super.sort(files)).sort((one, other) => group(one) - group(other) || rank(one) - rank(other));
  }
}

/** Real hosts, as long as it takes. */
const SCENARIO = { testTimeout: HOUR, hookTimeout: HOUR };

export default defineConfig({
  test: {
    // The program's warnings are told where a test fails.
    silent: "passed-only",
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/{unit,scripts,golden}/**/*.test.ts"],
          // All of them: vitest leaves one to itself.
          maxWorkers: os.availableParallelism(),
          testTimeout: 30_000,
          // On a busy machine a process that has just been started takes seconds to its first word.
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        // Three at a time keep two processors busy.
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
