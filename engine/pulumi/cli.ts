import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { EngineError } from "../engine";
import { explainDamage } from "./damaged-attributes";

/** An installed CLI. */
export interface PulumiCli {
  readonly program: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** The CLI on PATH. */
export const CLI_ON_PATH: PulumiCli = { program: "pulumi" };

const MISSING = "there is no pulumi on PATH, nor one of ./lab engine; hint: ./lab engine, or use --engine embedded";

/** The exit status of setpriv for a program that is missing. */
const NOT_FOUND = 127;

/** Where the CLI keeps the user's login. */
export function loginFolder({ PULUMI_CREDENTIALS_PATH: named, PULUMI_HOME: home } = process.env): string {
  return named ?? home ?? path.join(os.homedir(), ".pulumi");
}

/** The backend that the user is logged in to; empty where there is none. */
export function loggedInTo(): string {
  const file = path.join(loginFolder(), "credentials.json");
  if (!fs.existsSync(file)) return "";
  return (JSON.parse(fs.readFileSync(file, "utf8")) as { current?: string }).current ?? "";
}

/** One call of Pulumi's CLI. */
interface Call {
  /** Where it runs. It reads `Pulumi.yaml` there, and may write, or delete, `Pulumi.STACK.yaml` beside it. */
  readonly folder: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Receives each line of the standard output. */
  readonly onLine?: (line: string) => void;
  /** Aborted: the CLI finishes running operations, and begins no others. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a CLI without questions.
 * @returns Its standard output.
 * @throws EngineError with its standard error.
 */
export async function pulumi(cli: PulumiCli, args: readonly string[], call: Call): Promise<string> {
  const { folder: cwd, environment, onLine, signal } = call;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...cli.environment,
    ...environment,
  };
  // In a process group of its own: the CLI takes a second SIGINT, such as a terminal's, for "at once".
  // Killed with this process, for nobody would hear it.
  const command = ["--pdeathsig", "KILL", cli.program, ...args, "--non-interactive"];
  const child = spawn("setpriv", command, { cwd, env, detached: true });
  const interrupt = (): void => void child.kill("SIGINT");
  signal?.addEventListener("abort", interrupt);
  process.on("exit", interrupt);
  const output: string[] = [];
  createInterface({ input: child.stdout }).on("line", onLine ?? ((line) => void output.push(line)));
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  try {
    const [status] = (await once(child, "close")) as [number | null];
    if (status === NOT_FOUND) throw new EngineError(MISSING);
    if (status !== 0) {
      const message = errors.trim() || `pulumi ${args.join(" ")} failed with exit status ${status}`;
      throw explainDamage(message, env.PULUMI_BACKEND_URL ?? loggedInTo()) ?? new EngineError(message);
    }
    return output.join("\n");
  } finally {
    signal?.removeEventListener("abort", interrupt);
    process.off("exit", interrupt);
  }
}
