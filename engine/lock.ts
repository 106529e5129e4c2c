import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineError, type StackLocation } from "./engine";

type Holder = Record<"pid" | "since" | "command", string>;

/** How often a lock is tried until its new holder has written its process id into it. */
const ATTEMPTS = 40;

/** Does work that only one run may do at a time. The kernel keeps the lock, and releases it when its holder exits or is killed. */
export async function withLock<T>(
  { stack, stateFolder }: StackLocation,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  fs.mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const file = path.join(stateFolder, "lock");
  for (let attempt = 1; ; attempt++) {
    const descriptor = fs.openSync(file, "a", 0o600);
    try {
      if (isLocked(descriptor) && isStill(file, descriptor)) {
        const holder: Holder = { pid: String(process.pid), since: new Date().toISOString(), command };
        fs.ftruncateSync(descriptor);
        fs.writeSync(descriptor, JSON.stringify(holder));
        return await work().finally(() => {
          fs.rmSync(file, { force: true });
        });
      }
    } finally {
      fs.closeSync(descriptor);
    }
    const holder = holderOf(file);
    if (holder !== undefined || attempt === ATTEMPTS) {
      const who = holder ? `process ${holder.pid} runs ${holder.command} since ${holder.since}` : "another run has it";
      throw new EngineError(
        `stack "${stack}" is in use: ${who}; hint: wait for it${holder ? `, or kill ${holder.pid}` : ""}`,
      );
    }
    await sleep(50);
  }
}

/** Locks an open file, if no other process has. The lock is the open file's, not `flock`'s: it is held until the file is closed. */
function isLocked(descriptor: number): boolean {
  const { status, error } = spawnSync("flock", ["--nonblock", "3"], {
    stdio: ["ignore", "ignore", "inherit", descriptor],
  });
  if (status !== 0 && status !== 1) throw error ?? new Error(`flock failed with exit status ${String(status)}`);
  return status === 0;
}

/** Whether an open file is still the one of that name: its last holder may have removed it. */
function isStill(file: string, descriptor: number): boolean {
  return fs.fstatSync(descriptor).ino === fs.statSync(file, { throwIfNoEntry: false })?.ino;
}

/** The running process that holds a lock; undefined until it has written its process id. */
function holderOf(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(fs.readFileSync(file, "utf8")) as Holder;
    return fs.existsSync(`/proc/${holder.pid}`) ? holder : undefined;
  } catch {
    return undefined;
  }
}
