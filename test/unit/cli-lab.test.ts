import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const LAB = path.join(__dirname, "..", "..", "lab");
const INSTALLING = "lab: installing Node's packages into node_modules\n";

let folder: string;
let bin: string;

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs ./lab where only the given programs stand in for Node's. */
async function lab(args: readonly string[], script = path.join(folder, "project", "lab")): Promise<Run> {
  const child = spawn("/bin/bash", [script, ...args], { cwd: "/", env: { PATH: bin } });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (text.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (text.stderr += data.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  return { status, ...text };
}

function standIn(program: string, body: string): void {
  fs.writeFileSync(path.join(bin, program), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
}

function installs(): string[] {
  const log = path.join(folder, "npm-calls");
  return fs.existsSync(log) ? fs.readFileSync(log, "utf8").trim().split("\n") : [];
}

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-script-"));
  bin = path.join(folder, "bin");
  fs.mkdirSync(bin);
  for (const program of ["cat", "dirname", "flock", "mkdir", "readlink", "rm", "sha256sum", "sleep"]) {
    const found = ["/bin", "/usr/bin"].map((place) => path.join(place, program)).find((file) => fs.existsSync(file));
    if (found !== undefined) fs.symlinkSync(found, path.join(bin, program));
  }
  const project = path.join(folder, "project");
  fs.mkdirSync(project);
  fs.copyFileSync(LAB, path.join(project, "lab"));
  fs.writeFileSync(path.join(project, "package-lock.json"), "{}");
  standIn("node", 'if [[ $1 == --version ]]; then echo v20.11.0; else printf "%s\\n" "$PWD" "$@"; exit 7; fi');
  standIn("npm", `echo "$*" >>${folder}/npm-calls; rm -rf node_modules; sleep 0.2; mkdir node_modules; echo added`);
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

describe("./lab", () => {
  it("installs the packages, says so in one line, and hands over with the arguments as they are", async () => {
    const { status, stdout, stderr } = await lab(["ssh", "pg1-srv", "--", "a  b", ""]);
    const project = fs.realpathSync(path.join(folder, "project"));
    expect(stdout).toBe(
      [
        project,
        "--require",
        `${project}/engine/load-typescript.cjs`,
        "cli/main.ts",
        "ssh",
        "pg1-srv",
        "--",
        "a  b",
        "",
        "",
      ].join("\n"),
    );
    expect(stderr).toBe(INSTALLING);
    expect(status).toBe(7);
  });

  it("installs nothing again until package-lock.json changes", async () => {
    await lab([]);
    expect((await lab([])).stderr).toBe("");
    expect(installs()).toHaveLength(1);
    fs.writeFileSync(path.join(folder, "project", "package-lock.json"), '{"lockfileVersion": 3}');
    expect((await lab([])).stderr).toBe(INSTALLING);
    expect(installs()).toHaveLength(2);
  });

  it("installs nothing after npm ci, until package-lock.json changes", async () => {
    const lock = path.join(folder, "project", "package-lock.json");
    fs.mkdirSync(path.join(folder, "project", "node_modules"));
    fs.writeFileSync(path.join(folder, "project", "node_modules", ".package-lock.json"), "{}");
    const touch = (seconds: number): void => {
      fs.utimesSync(lock, seconds, seconds);
    };
    touch(Date.now() / 1000 - 60);
    expect((await lab([])).stderr).toBe("");
    touch(Date.now() / 1000 + 60);
    expect((await lab([])).stderr).toBe(INSTALLING);
  });

  it("installs once when it is started twice at once", async () => {
    const runs = await Promise.all([lab([]), lab([])]);
    expect(runs.map(({ status }) => status)).toEqual([7, 7]);
    expect(installs()).toHaveLength(1);
  });

  it("installs again after an install that failed", async () => {
    standIn("npm", "echo 'npm error code E404' >&2; mkdir node_modules; exit 1");
    expect(await lab([])).toEqual({
      status: 1,
      stdout: "",
      stderr: `${INSTALLING}npm error code E404\nlab: npm could not install the packages; see above\n`,
    });
    standIn("npm", `echo "$*" >>${folder}/npm-calls`);
    await lab([]);
    expect(installs()).toHaveLength(1);
  });

  it("works through a symbolic link", async () => {
    const link = path.join(folder, "link");
    fs.symlinkSync("project/lab", link);
    expect((await lab([], link)).status).toBe(7);
  });

  it.each([
    ["v18.19.0", "lab: Node.js must be 20 or newer, got v18.19.0; "],
    ["v9.11.2", "lab: Node.js must be 20 or newer, got v9.11.2; "],
  ])("refuses Node %s with a hint, and installs nothing", async (version, message) => {
    standIn("node", `echo ${version}`);
    const { status, stderr } = await lab([]);
    expect(status).toBe(1);
    expect(stderr.startsWith(`${message}install Node.js 20 or newer`)).toBe(true);
    expect(installs()).toEqual([]);
  });

  it("says what is missing when Node is", async () => {
    fs.rmSync(path.join(bin, "node"));
    const { status, stderr } = await lab([]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^lab: node is missing; install Node\.js 20 or newer/);
  });
});
