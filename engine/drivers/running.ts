import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Task } from "./driver";

/** A local process or an SSH channel. */
interface Running {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  on(event: "close", listener: (code?: number | null, signal?: string | null) => void): unknown;
}

/** A command's input, and which of its output is logged while it runs. */
export type Conduct = Partial<Record<"stdin" | "logging", string>>;

export type Texts = Record<"stdout" | "stderr", string>;

const LAST_LINES = 20;

/** Acts when a signal is aborted, or at once if it already is. */
export function whenAborted(signal: AbortSignal, act: () => unknown): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}

/** Waits for a command's end. Fails with its exit status and its last lines of output, never with its input, which may be secret. */
export async function finish(
  what: string,
  running: Running,
  { stdin = "", logging = "none" }: Conduct,
  task: Task,
): Promise<Texts> {
  const captured: Texts = { stdout: "", stderr: "" };
  let output = "";
  for (const name of ["stdout", "stderr"] as const) {
    const stream = running[name].setEncoding("utf8").on("data", (text: string) => {
      captured[name] += text;
      output += text;
    });
    if (logging.toLowerCase().includes(name))
      createInterface(stream).on("line", (line) => {
        task.log(line);
      });
  }
  // A command need not read its input.
  running.stdin.on("error", () => undefined).end(stdin);
  const ending = await new Promise<string>((resolve) => {
    whenAborted(task.signal, () => {
      resolve("timed out");
    });
    running.on("close", (code, name) => {
      resolve(code === 0 ? "" : code ? `exit status ${code}` : name ? `terminated by ${name}` : "connection lost");
    });
  });
  const lines = output.trimEnd().split("\n").slice(-LAST_LINES);
  if (ending !== "") throw new Error([`${ending}: running ${JSON.stringify(what)}:`, ...lines].join("\n").trimEnd());
  return { stdout: captured.stdout.replace(/\n$/, ""), stderr: captured.stderr.replace(/\n$/, "") };
}

/** Runs a process to its end, in a process group of its own, which a terminal's Ctrl-C does not reach. */
export async function runProcess(
  command: readonly string[],
  { cwd, what = command.join(" "), ...conduct }: Conduct & { cwd?: string; what?: string },
  task: Task,
): Promise<Texts> {
  // Node gives a socket, which cannot be opened as /dev/stdin; a shell gives a pipe, as the real provider does.
  const child = spawn("/bin/sh", ["-c", 'cat | "$@"', "sh", ...command], { cwd, detached: true });
  await once(child, "spawn");
  whenAborted(task.signal, () => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid));
  return finish(what, child, conduct, task);
}
