import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isOnPath } from "./on-path";

/** The prefix that runs a command as root: none for root, `sudo` for others. */
export function rootPrefix(): readonly string[] {
  if (process.getuid?.() === 0) return [];
  if (isOnPath("sudo")) return ["sudo"];
  throw new Error(
    `a private libvirtd needs root, but user ${String(process.getuid?.())} has no sudo; hint: run ./lab as root, or install sudo`,
  );
}

/** Runs one of this folder's scripts as root, with `input` on its stdin. Rejects with its last lines of output. */
export async function runAsRoot(
  script: string,
  args: readonly string[],
  onLine: (line: string) => void = () => undefined,
  input = "",
): Promise<void> {
  const [program = "bash", ...rest] = [...rootPrefix(), "bash", join(__dirname, script), ...args];
  const lastLines: string[] = [];
  const child = spawn(program, rest, { stdio: "pipe" });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lastLines.push(line);
      if (lastLines.length > 20) lastLines.shift();
      onLine(line);
    });
  }
  // A script need not read its input; its exit status counts.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  const status = code ?? signal;
  if (status !== 0) {
    throw new Error(
      [
        `hypervisor/${script} failed with ${typeof status === "number" ? `exit status ${status}` : String(status)}:`,
        ...lastLines,
      ].join("\n"),
    );
  }
}
