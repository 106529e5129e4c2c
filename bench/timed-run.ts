import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";

/** A command's result, time and memory. */
export interface TimedRun {
  readonly status: number | null;
  readonly seconds: number;
  /** Peak memory of its processes of Node.js and Pulumi's CLI together, in MiB; shared memory is divided among them (proc(5), Pss). */
  readonly peakMiB: number;
  /** The same without the command's first process, which may only wait for the engine's. */
  readonly peakBelowMiB: number;
  readonly stdout: string;
  readonly stderr: string;
}

const SAMPLE_MILLISECONDS = 200;

/** Runs a command, and measures its time and the memory of those processes, descendants included. */
export async function timedRun(program: string, args: readonly string[]): Promise<TimedRun> {
  const start = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (text.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (text.stderr += data.toString()));
  let peakMiB = 0;
  let peakBelowMiB = 0;
  const timer = setInterval(() => {
    if (child.pid === undefined) return;
    const { all, own } = memoryMiB(child.pid);
    peakMiB = Math.max(peakMiB, all);
    peakBelowMiB = Math.max(peakBelowMiB, all - own);
  }, SAMPLE_MILLISECONDS);
  try {
    const [status] = (await once(child, "close")) as [number | null];
    return { status, seconds: (performance.now() - start) / 1000, peakMiB, peakBelowMiB, ...text };
  } finally {
    clearInterval(timer);
  }
}

interface Process {
  readonly parent: number;
  readonly name: string;
}

function memoryMiB(root: number): { all: number; own: number } {
  const processes = readProcesses();
  const isBelow = (id: number): boolean => {
    if (id === root) return true;
    const parent = processes.get(id)?.parent;
    return parent !== undefined && parent > 1 && isBelow(parent);
  };
  const engines = [...processes].filter(([id, { name }]) => /^(node|MainThread|pulumi)/.test(name) && isBelow(id));
  const sizes = new Map(engines.map(([id]) => [id, Number(field(id, "smaps_rollup", "Pss") || 0) / 1024]));
  return { all: [...sizes.values()].reduce((sum, size) => sum + size, 0), own: sizes.get(root) ?? 0 };
}

function readProcesses(): Map<number, Process> {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return new Map(
    ids.map((id) => [Number(id), { parent: Number(field(id, "status", "PPid")), name: field(id, "status", "Name") }]),
  );
}

/** The value of a line in a process's file; empty when the process has ended since the folder was read. */
function field(id: number | string, file: string, name: string): string {
  try {
    return new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(readFileSync(`/proc/${id}/${file}`, "utf8"))?.[1] ?? "";
  } catch {
    return "";
  }
}
