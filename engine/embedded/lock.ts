import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { StackLocation } from "../engine";
import { EngineError } from "../engine";

type Holder = Record<"pid" | "since" | "command" | "boot", string>;

/** Does work that only one run may do at a time. A dead run's lock is taken over. */
export async function withLock<T>(
  { stack, stateFolder }: StackLocation,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  fs.mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const lock = path.join(stateFolder, "lock");
  const own = `${lock}.${randomUUID()}`;
  // Process ids begin anew with every start of the machine.
  const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const holder: Holder = { pid: String(process.pid), since: new Date().toISOString(), command, boot };
  fs.writeFileSync(own, JSON.stringify(holder), { mode: 0o600 });
  try {
    const other = fs.existsSync(lock) && (JSON.parse(fs.readFileSync(lock, "utf8")) as Holder);
    if (other && other.boot === boot && isRunning(other.pid)) {
      const who = `process ${other.pid} runs ${other.command} since ${other.since}`;
      throw new EngineError(`stack "${stack}" is in use: ${who}; wait for it, or end it`);
    }
    fs.rmSync(lock, { force: true });
    // Unlike a rename, a link fails when another run was quicker.
    fs.linkSync(own, lock);
    fs.rmSync(own);
    return await work().finally(() => {
      fs.rmSync(lock, { force: true });
    });
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** A zombie has no command line. */
function isRunning(pid: string): boolean {
  const file = `/proc/${pid}/cmdline`;
  return fs.existsSync(file) && fs.readFileSync(file).length > 0;
}
