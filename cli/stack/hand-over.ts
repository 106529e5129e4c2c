import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import { rootPrefix } from "../../hypervisor/run-as-root";

/** A command behind this is killed with the process that started it. */
const PARENT_BOUND = ["setpriv", "--pdeathsig", "KILL"];

/** The command line of this very process. */
export function thisCommand(): string[] {
  return [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
}

/** The command line of this process for another subcommand that takes the same options. It asks nothing, and does not outlive this process. */
export function labCommand(own: string, other: string, without: readonly string[] = []): string[] {
  const words = thisCommand().filter((word) => !without.includes(word));
  return [...PARENT_BOUND, ...words.map((word) => (word === own ? other : word)), "--yes"];
}

/**
 * Runs a program in place of this one: the same terminal, signals passed on.
 * @returns its exit status.
 */
export async function handOver(command: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<number> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, ...environment } });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, pass);
  try {
    const [status, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return status ?? 128 + (signal === null ? 0 : os.constants.signals[signal]);
  } finally {
    for (const signal of signals) process.off(signal, pass);
  }
}

/** The command, in a network namespace. It does not outlive this process, not even when that is killed. */
export function inNamespace(namespace: string, command: readonly string[]): string[] {
  return [...PARENT_BOUND, "nsenter", `--net=/run/netns/${namespace}`, "--", ...command];
}

/** Whether this process is in the network namespace; false when there is none of that name. */
export function isInside(namespace: string): boolean {
  const own = fs.statSync("/proc/self/ns/net");
  const other = fs.statSync(`/run/netns/${namespace}`, { throwIfNoEntry: false });
  return own.dev === other?.dev && own.ino === other.ino;
}

/**
 * The command, as root by sudo. Only the lab's own settings go along, without being seen in a command line; PATH does too, since
 * sudo replaces it and `pulumi` may be in the user's own folder.
 */
export function asRoot(command: readonly string[]): string[] {
  const kept = Object.keys(process.env).filter((name) => /^(LAB|PULUMI)_|_proxy$/i.test(name));
  const preserve = kept.length > 0 ? [`--preserve-env=${kept.join(",")}`] : [];
  const [sudo = "sudo"] = rootPrefix();
  return [sudo, ...preserve, "env", `PATH=${process.env.PATH ?? ""}`, ...command];
}
