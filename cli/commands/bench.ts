import * as fs from "node:fs";
import * as path from "node:path";
import { bench as time } from "../../bench/bench";
import { installRequirements } from "../../hypervisor/requirements";
import { type Invocation, PROJECT_FOLDER, stackOf } from "../invocation";
import { chosenEngine } from "../stack/open-engine";
import { hasLab } from "../stack/users-lab";

const GROWTH = [1, 2, 4, 8];

/** Times a stack's lab and prints the figures as Markdown. */
export async function bench(invocation: Invocation, { runs }: { runs: number }): Promise<number> {
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
  const standbys = guestKind === "container" ? GROWTH : [];
  process.stdout.write(
    await time({ projectFolder: PROJECT_FOLDER, stack: location.stack, engine, image, runs, standbys, onProgress }),
  );
  return 0;
}
