import * as fs from "node:fs";
import * as path from "node:path";
import { bench as time } from "../../bench/bench";
import { stackEngine } from "../../engine/stack-engine";
import { installRequirements } from "../../hypervisor/requirements";
import { type Invocation, PROJECT_FOLDER, stackOf } from "../invocation";

const GROWTH = [1, 2, 4, 8];

/** Times a stack's lab and prints the figures as Markdown. */
export async function bench(invocation: Invocation, { runs }: { runs: number }): Promise<number> {
  const { location, image } = stackOf(invocation);
  if (stackEngine(location) !== undefined) {
    throw new Error(
      `stack "${location.stack}" has a lab, and a bench must start without one; hint: ./lab destroy --stack ${location.stack}`,
    );
  }
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  await installRequirements({ vm: image?.kind === "vm", onProgress });
  fs.mkdirSync(path.join(PROJECT_FOLDER, ".lab"), { recursive: true, mode: 0o700 });
  const standbys = image?.kind === "container" ? GROWTH : [];
  const { stack } = location;
  process.stdout.write(await time({ projectFolder: PROJECT_FOLDER, stack, image, runs, standbys, onProgress }));
  return 0;
}
