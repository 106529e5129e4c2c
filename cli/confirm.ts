import { createInterface } from "node:readline/promises";
import type { Invocation } from "./invocation";

/** Whether a question is due, and there is a terminal to ask it on. */
export function isAsking({ options }: Invocation): boolean {
  return options.yes !== true && hasTerminal();
}

function hasTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

/**
 * Asks before data is deleted.
 * @throws Error when there is neither a terminal nor `--yes`.
 */
export async function confirmLoss(invocation: Invocation, question: string, command: string): Promise<boolean> {
  return consent(invocation, question, command, "deletes data");
}

/**
 * Asks before secrets are shown.
 * @throws Error when there is neither a terminal nor `--yes`: they would be in somebody's log.
 */
export async function confirmSecrets(invocation: Invocation, command: string): Promise<boolean> {
  return consent(invocation, "Show secrets on this terminal?", command, "shows secrets");
}

async function consent(invocation: Invocation, question: string, command: string, deed: string): Promise<boolean> {
  if (invocation.options.yes === true) return true;
  if (hasTerminal()) return confirm(invocation, question);
  throw new Error(`${command} asks before it ${deed}, and this is no terminal; hint: ${command} --yes`);
}

/** Asks on the terminal; anything but `y` or `yes` is a no. */
export async function confirm({ signal }: Invocation, question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // In raw mode, Ctrl-C is a character and sends no signal.
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
