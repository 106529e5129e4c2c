import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import { rootPrefix } from "../../hypervisor/run-as-root";

/** Prefix of a command that is killed when its parent exits. */
const PARENT_BOUND = ["setpriv", "--pdeathsig", "KILL"];

/** Variables that root gets too: the lab's, Pulumi's, and where Go and pip download from. */
const KEPT = /^(LAB|PULUMI|PIP)_|^GO(PROXY|SUMDB|FLAGS|PRIVATE|NOPROXY|NOSUMDB|INSECURE)$|_proxy$/i;

/** The command line of this very process. */
export function thisCommand(): string[] {
  return [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
}

/** This process's command line for another subcommand with the same options, without questions. It is killed with this process. */
export function labCommand(own: string, other: string, without: readonly string[] = []): string[] {
  const words = thisCommand().filter((word) => !without.includes(word));
  return [...PARENT_BOUND, ...words.map((word) => (word === own ? other : word)), "--yes"];
}

/**
 * Runs a program in place of this one: the same terminal, signals passed on.
 * @returns Its exit status.
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

/** The command, in a network namespace. It is killed with this process. */
export function inNamespace(namespace: string, command: readonly string[]): string[] {
  return [...PARENT_BOUND, "nsenter", `--net=/run/netns/${namespace}`, "--", ...command];
}

/** Whether this process is in the network namespace; false when that is missing. */
export function isInside(namespace: string): boolean {
  const own = fs.statSync("/proc/self/ns/net");
  const other = fs.statSync(`/run/netns/${namespace}`, { throwIfNoEntry: false });
  return own.dev === other?.dev && own.ino === other.ino;
}

/**
 * The command, as root by sudo. It keeps only `KEPT` variables, without their values in a command line, and PATH, which sudo
 * replaces: `pulumi` may be in the user's own folder.
 */
export function asRoot(command: readonly string[]): string[] {
  const kept = Object.keys(process.env).filter((name) => KEPT.test(name));
  const preserve = kept.length > 0 ? [`--preserve-env=${kept.join(",")}`] : [];
  const [sudo = "sudo"] = rootPrefix();
  return [sudo, ...preserve, "env", `PATH=${process.env.PATH ?? ""}`, ...command];
}
