import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StackLocation } from "./engine";
import { EngineError } from "./engine";

type Holder = Record<"pid" | "since" | "command", string>;

/** How often a lock that is held is looked at until its new holder has written who it is. */
const LOOKS = 40;

/** Does work that only one run may do at a time. The kernel keeps the lock, which ends with its holder, however that ends. */
export async function withLock<T>(
  { stack, stateFolder }: StackLocation,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  fs.mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const file = path.join(stateFolder, "lock");
  for (let looks = 1; ; looks++) {
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
    if (holder !== undefined || looks === LOOKS) {
      const who = holder ? `process ${holder.pid} runs ${holder.command} since ${holder.since}` : "by another run";
      throw new EngineError(`stack "${stack}" is in use: ${who}; wait for it, or end it`);
    }
    await sleep(50);
  }
}

/** Locks an open file, unless another has. It stays locked until it is closed: the lock is the open file's, not `flock`'s. */
function isLocked(descriptor: number): boolean {
  const { status, error } = spawnSync("flock", ["--nonblock", "3"], {
    stdio: ["ignore", "ignore", "inherit", descriptor],
  });
  if (status !== 0 && status !== 1) throw error ?? new Error(`flock ended with ${String(status)}`);
  return status === 0;
}

/** Whether an open file is the one of that name: its last holder has removed it. */
function isStill(file: string, descriptor: number): boolean {
  return fs.fstatSync(descriptor).ino === fs.statSync(file, { throwIfNoEntry: false })?.ino;
}

/** The running process that a lock names; undefined when it has not yet written its own name. */
function holderOf(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(fs.readFileSync(file, "utf8")) as Holder;
    return fs.existsSync(`/proc/${holder.pid}`) ? holder : undefined;
  } catch {
    return undefined;
  }
}
