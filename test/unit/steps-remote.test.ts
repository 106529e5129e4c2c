import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Inventory } from "../../steps/inventory";
import { runScript, type ScriptOptions, writeFile } from "../../steps/remote";
import { hostOf } from "../../plan/plan";
import { runMocked } from "../support/run-mocked";
import { stackPlan } from "../support/stack-config";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-steps-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

const group = spawnSync("id", ["-gn"], { encoding: "utf8" }).stdout.trim();

describe("a file that comes before a step", () => {
  it.each([
    ["with an end of its last line", "a=1\nb=2\n"],
    ["without an end of its last line", "a=1\nb=2"],
    ["that is empty", ""],
    ["of a line end alone", "\n"],
    ["with quotes, variables and commands", `it's "$HOME" \`id\` $(id) \\n \\\n`],
    ["with what would end it as a here-document", "end-of-0\nEOF\n'\n' | cat\nmain\n"],
    ["with the step's own text", 'main "$@" </dev/null\nexit\n'],
    ["with a carriage return and no letters of ASCII", "größe=ß\r\n"],
  ])("%s is written as it is, and the step behind it runs", (_, content) => {
    const file = path.join(folder, "new folder", "it's a file");
    const text = writeFile({ path: file, owner: os.userInfo().username, mode: "0640" }, content);
    // The group is the account's, which a user's own need not be named for.
    const { stdout, status } = spawnSync("bash", ["-s", "--", "argument"], {
      input: `${text.replace(/ -g \S+/, ` -g ${group}`)}echo "ran $1"\n`,
      encoding: "utf8",
    });
    expect({ stdout, status }).toEqual({ stdout: "ran argument\n", status: 0 });
    expect(fs.readFileSync(file, "utf8")).toBe(content);
    expect((fs.statSync(file).mode & 0o777).toString(8)).toBe("640");
  });

  it("is on the disk before it gets its name: a power cut leaves the old file or the new one", () => {
    const file = path.join(folder, "file");
    fs.writeFileSync(file, "old");
    const text = writeFile({ path: file, owner: os.userInfo().username, mode: "0640" }, "new");
    const run = (sync: string) => {
      fs.writeFileSync(path.join(folder, "sync"), `#!/bin/bash\n${sync}\n`, { mode: 0o755 });
      return spawnSync("bash", ["-s"], {
        input: `${text.replace(/ -g \S+/, ` -g ${group}`)}echo ran\n`,
        env: { PATH: `${folder}:${process.env.PATH}` },
        encoding: "utf8",
      });
    };
    expect(run("echo 'no space left' >&2; exit 1")).toMatchObject({ stdout: "", stderr: "no space left\n", status: 1 });
    expect(fs.readFileSync(file, "utf8")).toBe("old");
    expect(run(`echo "$(<"$1") synchronised, $(<${file}) there"`)).toMatchObject({
      stdout: "new synchronised, old there\nran\n",
      status: 0,
    });
    expect(fs.readFileSync(file, "utf8")).toBe("new");
    expect(fs.readdirSync(folder).sort()).toEqual(["file", "sync"]);
  });

  it("that cannot be written ends the step before its script", () => {
    const text = writeFile({ path: "/dev/null/file", owner: os.userInfo().username, mode: "0640" }, "text");
    const { stdout, status } = spawnSync("bash", ["-s"], { input: `${text}echo ran\n`, encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
  });
});

/** The command and the input of a step of host pg1-srv. */
async function step(options: Omit<ScriptOptions, "parent"> = {}): Promise<Record<string, unknown>> {
  const host = {
    ...{ name: "pg1-srv", plan: hostOf(stackPlan("container"), "pg1-srv"), connection: { host: "10.0.0.11" } },
    ...{ identity: "identity", inventory: new Inventory() },
  };
  const resources = await runMocked(() => {
    const parent = new pulumi.ComponentResource("lab:test:Parent", "parent");
    runScript("pg1-srv-check", host, "backup-plane/stanza-check.sh", ["postgres", "it's"], { parent, ...options });
  });
  return resources.find(({ name }) => name === "pg1-srv-check")?.inputs ?? {};
}

describe("a step's command", () => {
  it("is run by one at a time, and says who must be waited for when another run holds it", async () => {
    const { create } = await step({ rerunOn: ["text"] });
    expect(create).toMatch(
      /^sudo flock --close --timeout=300 --conflict-exit-code=200 \/run\/lab-pg1-srv-check\.lock bash -s -- postgres 'it'\\''s' \|\| \{ .* \} # \w{12}$/,
    );
    const sudo = path.join(folder, "sudo");
    fs.writeFileSync(sudo, '#!/bin/bash\nexec "$@"\n', { mode: 0o755 });
    const line = String(create).replace("/run/", `${folder}/`).replace("--timeout=300", "--timeout=0.1");
    const run = (input: string) => {
      const { status, stdout, stderr } = spawnSync("sh", ["-c", line], {
        ...{ input, encoding: "utf8", env: { PATH: `${folder}:${process.env.PATH}` } },
      });
      return { status, stdout, stderr };
    };
    expect(run('echo "$2"; exit 3')).toEqual({ status: 3, stdout: "it's\n", stderr: "" });

    const holder = spawn("flock", [path.join(folder, "lab-pg1-srv-check.lock"), "bash", "-c", "echo; read"]);
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    const refused = run("echo ran");
    holder.stdin.end("\n");
    expect(refused).toEqual({
      status: 200,
      stdout: "",
      stderr:
        "pg1-srv: another run still works on this step; hint: wait for it; sudo lslocks on the host shows its process\n",
    });
  });

  it("waits for another run half of the time that the step has", async () => {
    expect((await step({ timeout: "2h" })).create).toContain(" --timeout=3600 ");
    expect((await step({ timeout: "30m" })).create).toContain(" --timeout=900 ");
  });

  it("keeps its input, and a secret file, out of the log and marks them secret", async () => {
    const file = { path: "/etc/file", content: "text", owner: "root", mode: "0600" };
    const logging = async (options: Omit<ScriptOptions, "parent">) => {
      const { stdin, logging } = await step(options);
      return [typeof stdin === "string", logging];
    };
    expect(await logging({ files: [file] })).toEqual([true, "stdoutAndStderr"]);
    expect(await logging({ files: [{ ...file, secret: true }] })).toEqual([false, "none"]);
    expect(await logging({ input: "text" })).toEqual([false, "none"]);
  });
});
