import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findGo } from "../../engine/pulumi/go";
import { PROJECT_FOLDER } from "./stack-config";
import type { Issued } from "./test-authority";

const MODULE = path.join(__dirname, "object-store");
const PACKAGE = "github.com/versity/versitygw/cmd/versitygw";
/** Beside the guests: built once a machine. */
const BUILT = path.join(PROJECT_FOLDER, ".lab", "guests", "object-store");

export const STORE_PORT = 8443;
export const STORE_REGION = "eu-central-1";

/** Builds the S3 server from the Go module registry, unless that has been done, and gives its program. */
async function build(): Promise<string> {
  const program = path.join(BUILT, "versitygw");
  const stamp = path.join(BUILT, "go.mod");
  const wanted = fs.readFileSync(path.join(MODULE, "go.mod"), "utf8");
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === wanted) return program;
  fs.mkdirSync(BUILT, { recursive: true });
  const toolchain = path.join(BUILT, "go");
  const [, version = ""] = /^go (\S+)$/m.exec(wanted) ?? [];
  const go = await findGo(version, toolchain, (line) => process.stderr.write(`  ${line}\n`));
  // As Pulumi's CLI is built: what both have is compiled once.
  const flags = ["-trimpath", "-buildvcs=false", "-modcacherw", "-gcflags", "all=-l -dwarf=false", "-ldflags", "-s -w"];
  const env = { ...process.env, GOTOOLCHAIN: "local", CGO_ENABLED: "0", ...go.environment };
  execFileSync(go.program, ["build", ...flags, "-o", program, PACKAGE], { cwd: MODULE, env, stdio: "inherit" });
  fs.rmSync(toolchain, { recursive: true, force: true });
  fs.writeFileSync(stamp, wanted);
  return program;
}

/** A real S3 server inside a network namespace, over TLS, which ends with this process at the latest. Its buckets are folders. */
export class ObjectStore {
  private server: ChildProcess | undefined;

  private constructor(
    private readonly command: readonly string[],
    private readonly secrets: NodeJS.ProcessEnv,
  ) {}

  /**
   * Prepares a server with an empty bucket of each of these names.
   * @param folder Is made anew.
   */
  static async prepare(
    namespace: string,
    folder: string,
    { certificate, key }: Issued,
    secrets: { readonly key: string; readonly secret: string },
    ...buckets: readonly string[]
  ): Promise<ObjectStore> {
    const program = await build();
    fs.rmSync(folder, { recursive: true, force: true });
    const root = path.join(folder, "buckets");
    for (const bucket of buckets) fs.mkdirSync(path.join(root, bucket), { recursive: true });
    const command = [
      ...["ip", "netns", "exec", namespace, "setpriv", "--pdeathsig", "KILL", program],
      ...["--port", `:${STORE_PORT}`, "--cert", certificate, "--key", key, "--region", STORE_REGION, "posix", root],
    ];
    return new ObjectStore(command, { ROOT_ACCESS_KEY: secrets.key, ROOT_SECRET_KEY: secrets.secret });
  }

  async start(): Promise<void> {
    const [program = "", ...args] = this.command;
    const server = spawn(program, args, {
      env: { ...process.env, ...this.secrets },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.server = server;
    const said = new Promise<void>((resolve) => {
      server.stdout.on("data", (chunk: Buffer) => {
        if (chunk.toString().includes("listening")) resolve();
      });
    });
    const ended = once(server, "close").then(([status]) => {
      throw new Error(`the S3 server ended with ${String(status)}`);
    });
    await Promise.race([said, ended, sleep(30_000)]);
    ended.catch(() => undefined);
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const closed = once(server, "close");
    server.kill("SIGKILL");
    await closed;
  }
}
