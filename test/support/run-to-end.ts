import { spawn } from "node:child_process";
import { once } from "node:events";
import { PROJECT_FOLDER } from "./stack-config";

/** Runs a program from the project's folder. Rejects with all that it printed when it fails. */
export async function runToEnd(program: string, args: readonly string[], input = ""): Promise<void> {
  const child = spawn(program, args, { cwd: PROJECT_FOLDER, stdio: "pipe" });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  }
  // A program need not read its input; its exit status counts.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${String(status)}\n${printed}`);
}
