import { spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { EngineError } from "../engine";
import { engineFolder } from "./built-cli";
import { findGo, type Go } from "./go";

/** The module that names the CLI, its dependencies and their checksums. */
const MODULE = path.join(__dirname, "build");
const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const PROGRESS_SECONDS = 15;

/**
 * Builds Pulumi's CLI from the Go module registry, unless the wanted version has been built.
 * @param onProgress Receives a line now and then.
 * @returns The version.
 * @throws EngineError with the cause, in one sentence.
 */
export async function buildCli(
  projectFolder: string,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const folder = engineFolder(projectFolder);
  const stamp = path.join(folder, "version");
  const { version, go: wantedGo } = wanted();
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === version) return version;
  const toolchain = path.join(folder, "go");
  const program = path.join(folder, "bin", "pulumi");
  fs.mkdirSync(path.dirname(program), { recursive: true });
  try {
    const go = await findGo(wantedGo, toolchain, onProgress);
    onProgress(`building Pulumi's CLI ${version} with ${go.origin}, which takes about four minutes on two processors`);
    await compile(go, version, `${program}.new`, onProgress, signal);
  } catch (error) {
    signal?.throwIfAborted();
    const { message } = error as Error;
    throw new EngineError(
      `Pulumi's CLI ${version} cannot be built: ${message}; hint: install it, or use --engine embedded`,
    );
  }
  fs.renameSync(`${program}.new`, program);
  fs.writeFileSync(stamp, version);
  // Go's caches hold more than a gigabyte. After a failure they stay: the next build resumes there.
  fs.rmSync(toolchain, { recursive: true, force: true });
  return version;
}

/** The versions in go.mod. */
function wanted(): { version: string; go: string } {
  const text = fs.readFileSync(path.join(MODULE, "go.mod"), "utf8");
  const [, go = ""] = /^go (\S+)$/m.exec(text) ?? [];
  const [, version = ""] = /^\tgithub\.com\/pulumi\/pulumi\/pkg\/v3 (\S+)/m.exec(text) ?? [];
  return { version, go };
}

async function compile(
  go: Go,
  version: string,
  target: string,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const ldflags = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version}`;
  // Neither calls put in line nor data for debuggers: 30 % less to compile, and the CLI waits for its plugins most of the time.
  const gcflags = "all=-l -dwarf=false";
  // The caches are removed: Go would write-protect the modules.
  const flags = ["-v", "-trimpath", "-buildvcs=false", "-modcacherw"];
  flags.push("-gcflags", gcflags, "-ldflags", ldflags, "-o", target);
  const env = { ...process.env, GOTOOLCHAIN: "local", CGO_ENABLED: "0", ...go.environment };
  const stdio: StdioOptions = ["ignore", "ignore", "pipe"];
  const child = spawn(go.program, ["build", ...flags, PACKAGE], { cwd: MODULE, env, stdio, signal });
  const start = performance.now();
  let [downloaded, compiled, last] = [0, 0, ""];
  createInterface({ input: child.stderr as Readable }).on("line", (line) => {
    if (line.startsWith("go: downloading ")) downloaded++;
    else if (/^[\w.-]+(\/\S+)?$/.test(line)) compiled++;
    else last = line;
  });
  const timer = setInterval(() => {
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    onProgress(`${downloaded} modules downloaded, ${compiled} packages compiled, ${seconds} s`);
  }, PROGRESS_SECONDS * 1000);
  try {
    const [status] = (await once(child, "close")) as [number | null];
    if (status !== 0) throw new Error(`go build failed with ${go.origin}: ${last}`);
  } finally {
    clearInterval(timer);
  }
}
