import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** How a command ran. */
export interface TimedRun {
  readonly status: number | null;
  readonly seconds: number;
  /** The most memory that its node processes had at once, in MiB: resident, and what they share counted once each. */
  readonly peakMiB: number;
  readonly stdout: string;
  readonly stderr: string;
}

const SAMPLE_MILLISECONDS = 200;

/** Runs a command, with its time and the memory of the node processes among it and its descendants. */
export async function timedRun(program: string, args: readonly string[]): Promise<TimedRun> {
  const start = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (text.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (text.stderr += data.toString()));
  let peakMiB = 0;
  const timer = setInterval(() => {
    if (child.pid !== undefined) peakMiB = Math.max(peakMiB, nodeMemoryMiB(child.pid));
  }, SAMPLE_MILLISECONDS);
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    return { status, seconds: (performance.now() - start) / 1000, peakMiB, ...text };
  } finally {
    clearInterval(timer);
  }
}

interface Process {
  readonly parent: number;
  readonly name: string;
  readonly residentKiB: number;
}

function nodeMemoryMiB(root: number): number {
  const processes = readProcesses();
  const isBelow = (id: number): boolean => {
    if (id === root) return true;
    const parent = processes.get(id)?.parent;
    return parent !== undefined && parent > 1 && isBelow(parent);
  };
  let sum = 0;
  for (const [id, { name, residentKiB }] of processes)
    if (/^(node|MainThread)/.test(name) && isBelow(id)) sum += residentKiB;
  return sum / 1024;
}

function readProcesses(): Map<number, Process> {
  const processes = new Map<number, Process>();
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    let status: string;
    try {
      status = readFileSync(`/proc/${id}/status`, "utf8");
    } catch {
      // It has ended since the folder was read.
      continue;
    }
    const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
    processes.set(Number(id), {
      parent: Number(field("PPid")),
      name: field("Name"),
      residentKiB: Number(field("VmRSS")),
    });
  }
  return processes;
}
