import { createInterface } from "node:readline/promises";
import type { Invocation } from "./invocation";

/** Whether there is somebody to ask. */
export function isAsking({ options }: Invocation): boolean {
  return options.yes !== true && process.stdin.isTTY && process.stdout.isTTY;
}

/** Asks on the terminal; anything but `y` or `yes` is a no. */
export async function confirm({ signal }: Invocation, question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // In raw mode, Ctrl-C comes as a character and sends no signal.
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
