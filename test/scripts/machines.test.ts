import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PARSERS } from "../../observe/answers";
import { type ScriptRun, StandIns } from "../support/stand-ins";

let host: StandIns;
const note = (): string => host.path("lab/stack");
const run = (script: string, ...args: string[]): ScriptRun =>
  host.run(script, args, "", { "/etc/lab/stack": note(), "/etc/hosts": host.path("hosts") });
const noted = (): string | undefined => (fs.existsSync(note()) ? fs.readFileSync(note(), "utf8") : undefined);

beforeEach(() => {
  host = new StandIns();
  fs.mkdirSync(host.path("data"));
});
afterEach(() => {
  host.remove();
});

describe("site/machine-pass.sh", () => {
  const pass = (stack = "lab/staging"): ScriptRun =>
    run("site/machine-pass.sh", stack, host.path("pgbackrest.conf"), host.path("data"), host.path("missing"));

  it("notes whose the machine is, where nothing is in the way", () => {
    fs.mkdirSync(host.path("data/lost+found"));
    expect(pass()).toMatchObject({ status: 0, stderr: "" });
    expect(noted()).toBe("lab/staging\n");
  });

  it("lets the stack that has it have what it has made since", () => {
    pass();
    fs.writeFileSync(host.path("data/PG_VERSION"), "17");
    expect(pass()).toMatchObject({ status: 0, stderr: "" });
    expect(pass("lab/dev")).toMatchObject({
      status: 1,
      stderr:
        "pg1-srv: this machine belongs to stack lab/staging, got stack lab/dev; hint: destroy that one first, or name another machine\n",
    });
  });

  it.each(["data/PG_VERSION", "pgbackrest.conf"])("refuses what is somebody else's, and notes nothing: %s", (file) => {
    fs.writeFileSync(host.path(file), "theirs");
    const place = host.path(file.replace(/\/.*/, ""));
    const { status, stderr } = pass();
    expect(status).toBe(1);
    expect(stderr).toMatch(
      / is not this stack's \(\S+\), and stays as it is; hint: move it aside once nothing needs it, /,
    );
    expect(stderr).toContain(`pg1-srv: ${place} is not`);
    expect(noted()).toBeUndefined();
  });
});

describe("site/machine-release.sh", () => {
  beforeEach(() => {
    fs.writeFileSync(host.path("hosts"), "10.0.0.1 db1 # a host of the lab\n127.0.0.1 localhost\n");
    host.add("systemctl", "[[ $1 != cat || $2 != missing.service ]]").add("apt-mark", "");
    fs.mkdirSync(host.path("lab"));
    fs.writeFileSync(note(), "lab/staging\n");
  });

  it("stops and disables what is installed, and takes back the lock, the names and the note", () => {
    const { status, calls } = run("site/machine-release.sh", "lab/staging", "pgbackrest.service", "missing.service");
    expect(status).toBe(0);
    expect(calls.filter((call) => !call.startsWith("systemctl cat"))).toEqual([
      "systemctl disable --quiet --now pgbackrest.service",
      "systemctl daemon-reload",
      "apt-mark unhold pgbackrest",
    ]);
    expect(fs.readFileSync(host.path("hosts"), "utf8")).toBe("127.0.0.1 localhost\n");
    expect(noted()).toBeUndefined();
  });

  it("leaves another stack's machine alone", () => {
    expect(run("site/machine-release.sh", "lab/dev", "pgbackrest.service")).toMatchObject({ status: 0, calls: [] });
    expect(noted()).toBe("lab/staging\n");
  });
});

it("observe/machine-read.sh tells what a machine is, and what is in the way there", () => {
  fs.writeFileSync(host.path("data/PG_VERSION"), "17");
  host.add("ss", "echo 'LISTEN 0 244 0.0.0.0:5432 0.0.0.0:*'");
  const [data, missing] = [host.path("data"), host.path("missing/folder")];
  const { status, stdout } = run("observe/machine-read.sh", "2", data, missing, "127.0.0.1:9");
  expect(status).toBe(0);
  expect(PARSERS.machine(stdout)).toEqual({
    system: expect.stringMatching(/^\w+ \S+$/) as string,
    ...{ owner: "", behind: expect.closeTo(0, -1) as number },
    ...{ memoryMiB: expect.any(Number) as number, taken: { [data]: expect.stringMatching(/^[\d.]+K$/) as string } },
    freeMiB: { [data]: expect.any(Number) as number, [missing]: expect.any(Number) as number },
    listening: ["0.0.0.0:5432"],
    connections: { "127.0.0.1:9": expect.stringContaining("Connection refused") as string },
  });
});
