import * as path from "node:path";
import { describeMachine } from "./machine";
import { type TimedRun, timedRun } from "./timed-run";

/** The lab that is timed, and how it is told. */
export interface LabUnderBench {
  readonly projectFolder: string;
  /** A stack without a lab. */
  readonly stack: string;
  /** The engine that brings it up. */
  readonly engine: string;
  /** Receives the progress, line by line. */
  readonly onProgress: (line: string) => void;
}

/** The title of the figures, and the machine that they are of. */
export function headOf({ stack, engine }: LabUnderBench): string {
  return `## ${stack}, engine ${engine}, ${new Date().toISOString().slice(0, 10)}\n\n${describeMachine()}\n`;
}

/**
 * Runs a command of `./lab`, timed.
 * @throws Error when it fails.
 */
export async function lab(
  options: LabUnderBench,
  words: readonly string[],
  title = words.join(" "),
): Promise<TimedRun> {
  const { projectFolder, stack, engine, onProgress } = options;
  const [command = "", ...more] = words;
  const own = ["--stack", stack, "--engine", engine];
  const run = await timedRun(path.join(projectFolder, "lab"), [command, ...own, ...more]);
  onProgress(`./lab ${title}: ${run.seconds.toFixed(1)} s`);
  if (run.status !== 0)
    throw new Error(
      `./lab ${title} failed with ${run.status === null ? "a signal" : `exit status ${run.status}`}\n${run.stderr}`,
    );
  return run;
}

/** A table of Markdown; its first row is the head. */
export const table = (rows: readonly (readonly string[])[]): string =>
  rows.map((row, index) => `| ${row.join(" | ")} |\n${index === 0 ? `|${"---|".repeat(row.length)}\n` : ""}`).join("");
