import * as fs from "node:fs";
import * as path from "node:path";
import { bench as time } from "../../bench/bench";
import { benchDataPath } from "../../bench/data-path";
import { hasFeature } from "../../config/version-support";
import { installRequirements } from "../../hypervisor/requirements";
import { type Invocation, PROJECT_FOLDER, stackOf } from "../invocation";
import { chosenEngine } from "../stack/open-engine";
import { hasLab } from "../stack/users-lab";

const GROWTH = [1, 2, 4, 8];

/** The options of the document that the lab comes from (2022), where the lab's defaults are others. */
const SEED_OPTIONS = {
  ...{ "compress-type": "gz", "compress-level": 6, "process-max": 2 },
  ...{ "repo1-bundle": false, "repo1-block": false, "archive-async": false },
};

/** Times a stack's lab, or how its data moves, and prints the figures as Markdown. */
export async function bench(
  invocation: Invocation,
  { runs, data }: { runs: number; data?: number | undefined },
): Promise<number> {
  const stack = stackOf(invocation);
  const { location, image, guestKind } = stack;
  if (await hasLab(stack)) {
    throw new Error(
      `stack "${location.stack}" has a lab, and a bench must start without one; hint: ./lab destroy --stack ${location.stack}`,
    );
  }
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  await installRequirements({ vm: guestKind === "vm", onProgress });
  fs.mkdirSync(path.join(PROJECT_FOLDER, ".lab"), { recursive: true, mode: 0o700 });
  const engine = chosenEngine(invocation, stack);
  const common = { projectFolder: PROJECT_FOLDER, stack: location.stack, engine, runs, onProgress };
  if (data !== undefined) {
    const seedOptions = (version: string): object =>
      Object.fromEntries(Object.entries(SEED_OPTIONS).filter(([option]) => hasFeature(version, option)));
    process.stdout.write(await benchDataPath({ ...common, mebibytes: data, seedOptions }));
    return 0;
  }
  const standbys = guestKind === "container" ? GROWTH : [];
  process.stdout.write(await time({ ...common, image, standbys }));
  return 0;
}
